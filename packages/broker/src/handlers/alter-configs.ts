import type { AlterConfigsRequest, AlterConfigsResponseInput } from '@millrace/protocol'
import { replaceConfigs } from '../config/config-change.ts'
import { alterResources } from './alter-config-resource.ts'
import type { Handler } from './handler.ts'

/** AlterConfigs, v0-2: what is named is set, everything else that was set on the resource is unset. */
export const handleAlterConfigs: Handler<AlterConfigsRequest, AlterConfigsResponseInput> = async (
  services,
  _context,
  request,
) => {
  const asked = request.resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    change: () => replaceConfigs(configs),
  }))
  return { throttleTimeMs: 0, responses: await alterResources(services, asked, request.validateOnly) }
}
