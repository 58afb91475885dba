import { type DescribeConfigsRequest, type DescribeConfigsResponseInput, ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { topicNameProblem } from '../cluster/topic-name.ts'
import { brokerConfigEntries } from '../config/broker-config-entries.ts'
import { CONFIG_TYPE_CODES, type ConfigEntry, topicConfigEntries } from '../config/config-entries.ts'
import type { Handler } from './handler.ts'

type AskedResource = DescribeConfigsRequest['resources'][number]
type ResourceReply = DescribeConfigsResponseInput['results'][number]

/** Kafka's numbers for kinds of resources (`ConfigResource.Type`). */
const TOPIC = 2
const BROKER = 4

/** DescribeConfigs, v1-4: topics and brokers, sorted by name (trap 26). */
export const handleDescribeConfigs: Handler<DescribeConfigsRequest, DescribeConfigsResponseInput> = (
  services,
  _context,
  request,
) => ({ throttleTimeMs: 0, results: request.resources.map((asked) => describe(services, request, asked)) })

function describe(
  services: BrokerServices,
  request: DescribeConfigsRequest,
  asked: AskedResource,
): ResourceReply {
  const { resourceType, resourceName, configurationKeys } = asked
  const found = entriesOf(services, asked)
  if ('errorCode' in found) return { ...found, resourceType, resourceName, configs: [] }
  const entries =
    configurationKeys === null
      ? found.entries
      : found.entries.filter(({ name }) => configurationKeys.includes(name))
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    resourceType,
    resourceName,
    configs: entries.map((entry) => ({
      name: entry.name,
      value: entry.isSensitive ? null : entry.value,
      readOnly: entry.isReadOnly,
      configSource: entry.source,
      isSensitive: entry.isSensitive,
      synonyms: request.includeSynonyms ? [...entry.synonyms] : [],
      configType: CONFIG_TYPE_CODES[entry.type],
      documentation: request.includeDocumentation ? entry.documentation : null,
    })),
  }
}

type Found =
  | { readonly entries: readonly ConfigEntry[] }
  | { readonly errorCode: number; readonly errorMessage: string }

function entriesOf(services: BrokerServices, { resourceType, resourceName }: AskedResource): Found {
  switch (resourceType) {
    case TOPIC:
      return topicEntries(services, resourceName)
    case BROKER:
      return brokerEntries(services, resourceName)
    default:
      return {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: `Unsupported resource type: ${resourceType}`,
      }
  }
}

function topicEntries({ brokerSettings, catalog, defaultLogConfig }: BrokerServices, name: string): Found {
  const problem = topicNameProblem(name)
  if (problem !== null) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: problem }
  const topic = catalog.topic(name)
  if (topic === undefined) {
    const errorMessage = 'This server does not host this topic-partition.'
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
  }
  return { entries: topicConfigEntries({ topic: topic.configs, defaults: defaultLogConfig, brokerSettings }) }
}

/** A broker is named by its node id; the empty name is what all brokers share, of which nothing is set. */
function brokerEntries({ brokerSettings, clusterView }: BrokerServices, name: string): Found {
  if (name === '') return { entries: [] }
  const nodeId = Number(name)
  if (!/^\d+$/.test(name) || !clusterView.nodeIds.includes(nodeId)) {
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `Unexpected broker id, expected ${clusterView.nodeIds.join(' or ')}, but received ${name}`,
    }
  }
  return { entries: brokerConfigEntries({ ...brokerSettings, 'node.id': name }) }
}
