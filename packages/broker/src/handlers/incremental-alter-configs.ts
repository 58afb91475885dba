import type { IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponseInput } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { brokerConfigEntries } from '../config/broker-config-entries.ts'
import { changeConfigs, type ListedConfig } from '../config/config-change.ts'
import { topicConfigEntries } from '../config/config-entries.ts'
import type { ConfigEntry } from '../config/config-source.ts'
import { alterResources } from './alter-config-resource.ts'
import { ConfigResourceType } from './config-resource.ts'
import type { Handler } from './handler.ts'

/** IncrementalAlterConfigs, v0-1: single configs are set, unset, appended to, or taken from (KIP-339). */
export const handleIncrementalAlterConfigs: Handler<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponseInput
> = async (services, context, request) => {
  const { nodeId } = context.connection.listener
  const asked = request.resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    change: (current: Readonly<Record<string, string>>) =>
      changeConfigs(current, configs, (name) => listedConfig(services, nodeId, resourceType, name)),
  }))
  return { throttleTimeMs: 0, responses: await alterResources(services, asked, request.validateOnly) }
}

function listedConfig(
  { settings }: BrokerServices,
  nodeId: number,
  resourceType: number,
  name: string,
): ListedConfig | undefined {
  const find = (entries: readonly ConfigEntry[]): ListedConfig | undefined => {
    const entry = entries.find((one) => one.name === name)
    return entry === undefined ? undefined : { type: entry.type, inherited: entry.value ?? '' }
  }
  switch (resourceType) {
    case ConfigResourceType.TOPIC:
      return find(topicConfigEntries({ topic: {}, settings, nodeId }))
    case ConfigResourceType.BROKER:
      return find(brokerConfigEntries(settings, nodeId, {}))
    default:
      return undefined
  }
}
