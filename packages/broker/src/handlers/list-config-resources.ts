import {
  ErrorCode,
  type ListConfigResourcesRequest,
  type ListConfigResourcesResponseInput,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { ConfigResourceType } from './config-resource.ts'
import type { Handler } from './handler.ts'

type Resource = ListConfigResourcesResponseInput['configResources'][number]

/** ListConfigResources, v0-1 (KIP-1142). v0 asks for client metrics, of which there are none; v1 without types asks for all. */
export const handleListConfigResources: Handler<
  ListConfigResourcesRequest,
  ListConfigResourcesResponseInput
> = (services, { apiVersion }, request) => {
  const all: readonly number[] = Object.values(ConfigResourceType)
  const asked = new Set(apiVersion === 0 ? [ConfigResourceType.CLIENT_METRICS] : request.resourceTypes)
  if (apiVersion > 0 && asked.size === 0) for (const type of all) asked.add(type)
  if ([...asked].some((type) => !all.includes(type))) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] }
  }
  const configResources = resources(services).filter(({ resourceType }) => asked.has(resourceType ?? 0))
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, configResources }
}

/** In Kafka's order. */
function resources({ catalog, clusterView }: BrokerServices): Resource[] {
  const named = (resourceType: number, names: Iterable<string | number>): Resource[] =>
    Array.from(names, (name) => ({ resourceName: String(name), resourceType }))
  return [
    ...named(ConfigResourceType.GROUP, catalog.configuredGroups()),
    ...named(ConfigResourceType.BROKER_LOGGER, clusterView.nodeIds),
    ...named(ConfigResourceType.BROKER, clusterView.nodeIds),
    ...named(
      ConfigResourceType.TOPIC,
      Array.from(catalog.topics(), ({ name }) => name),
    ),
  ]
}
