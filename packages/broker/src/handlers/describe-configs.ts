import { type DescribeConfigsRequest, type DescribeConfigsResponseInput, ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { topicNameProblem } from '../cluster/topic-name.ts'
import { brokerConfigEntries, clusterDefaultEntries } from '../config/broker-config-entries.ts'
import { topicConfigEntries } from '../config/config-entries.ts'
import { CONFIG_TYPE_CODES, type ConfigEntry, type ConfigSynonym } from '../config/config-source.ts'
import { groupConfigEntries } from '../config/group-configs.ts'
import { ConfigResourceType } from './config-resource.ts'
import type { Handler } from './handler.ts'

type AskedResource = DescribeConfigsRequest['resources'][number]
type ResourceReply = DescribeConfigsResponseInput['results'][number]

/** DescribeConfigs, v1-4: topics, brokers and groups, sorted by name (trap 26). */
export const handleDescribeConfigs: Handler<DescribeConfigsRequest, DescribeConfigsResponseInput> = (
  services,
  { connection },
  request,
) => {
  const { nodeId } = connection.listener
  const unknown = request.resources.find(({ resourceType }) => !DESCRIBED_TYPES.has(resourceType))
  return {
    throttleTimeMs: 0,
    results: request.resources.map((asked) =>
      // One resource of a type that there is not takes the others of its request with it, as in Kafka.
      unknown === undefined
        ? describe(services, nodeId, request, asked)
        : answerRefusal(asked, unsupported(unknown.resourceType)),
    ),
  }
}

const { BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC } = ConfigResourceType
const DESCRIBED_TYPES: ReadonlySet<number> = new Set([BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC])

function describe(
  services: BrokerServices,
  nodeId: number,
  request: DescribeConfigsRequest,
  asked: AskedResource,
): ResourceReply {
  const { resourceType, resourceName, configurationKeys } = asked
  const found = entriesOf(services, nodeId, asked)
  if ('errorCode' in found) return answerRefusal(asked, found)
  const entries =
    configurationKeys === null || configurationKeys.length === 0
      ? found.entries
      : found.entries.filter(({ name }) => configurationKeys.includes(name))
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: NO_MESSAGE,
    resourceType,
    resourceName,
    configs: entries.map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: entry.isReadOnly,
      configSource: entry.source,
      isSensitive: entry.isSensitive,
      synonyms: request.includeSynonyms ? entry.synonyms.map((synonym) => concealed(entry, synonym)) : [],
      configType: CONFIG_TYPE_CODES[entry.type],
      documentation: request.includeDocumentation ? entry.documentation : null,
    })),
  }
}

function answerRefusal({ resourceType, resourceName }: AskedResource, refusal: Refusal): ResourceReply {
  return { ...refusal, resourceType, resourceName, configs: [] }
}

/** A password is told to nobody, under none of its names. */
function concealed({ isSensitive }: ConfigEntry, { name, value, source }: ConfigSynonym): ConfigSynonym {
  return { name, value: isSensitive ? null : value, source }
}

/** Kafka sends an empty text here where there is nothing to say, and null elsewhere. */
const NO_MESSAGE = ''

interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string
}

type Found = { readonly entries: readonly ConfigEntry[] } | Refusal

function entriesOf(
  services: BrokerServices,
  nodeId: number,
  { resourceType, resourceName }: AskedResource,
): Found {
  switch (resourceType) {
    case TOPIC:
      return topicEntries(services, nodeId, resourceName)
    case BROKER:
      return brokerEntries(services, resourceName)
    case GROUP:
      if (resourceName === '') return refused('Group name must not be empty')
      return {
        entries: groupConfigEntries(services.catalog.groupConfigs(resourceName), services.settings, nodeId),
      }
    case BROKER_LOGGER:
      // There are no loggers whose level could be set.
      if (resourceName === '') return refused('Broker id must not be empty')
      return brokerProblem(services, resourceName, '') ?? { entries: [] }
    case CLIENT_METRICS:
      // Nothing is collected from clients, so nothing can be configured.
      if (resourceName === '') return refused('Client metrics subscription name must not be empty')
      return { entries: [] }
    default:
      return unsupported(resourceType)
  }
}

function topicEntries({ catalog, settings }: BrokerServices, nodeId: number, name: string): Found {
  const problem = topicNameProblem(name)
  if (problem !== null) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: problem }
  const topic = catalog.topic(name)
  if (topic === undefined) {
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: NO_MESSAGE }
  }
  return { entries: topicConfigEntries({ topic: topic.configs, settings, nodeId }) }
}

/** A broker is named by its node id; the empty name is what was set for all brokers while they ran. */
function brokerEntries(services: BrokerServices, name: string): Found {
  const { catalog, clusterView, dataDir, settings } = services
  if (name === '') return { entries: clusterDefaultEntries(catalog.brokerConfigs('')) }
  const problem = brokerProblem(services, name)
  if (problem !== null) return problem
  const nodeId = Number(name)
  const listeners = clusterView.advertisedListeners(nodeId)
  const identity = {
    'node.id': name,
    'broker.id': name,
    'log.dirs': dataDir,
    listeners: settings.staticSettings.listeners ?? listeners,
    'advertised.listeners': listeners,
  }
  return { entries: brokerConfigEntries(settings, nodeId, identity) }
}

function brokerProblem(
  { clusterView }: BrokerServices,
  name: string,
  orElse = ' or empty string,',
): Found | null {
  if (!/^-?\d+$/.test(name)) return refused(`Broker id must be an integer, but it is: ${name}`)
  if (clusterView.nodeIds.includes(Number(name))) return null
  return refused(
    `Unexpected broker id, expected ${clusterView.nodeIds.join(' or ')}${orElse} but received ${name}`,
  )
}

function unsupported(resourceType: number): Refusal {
  return refused(`Unsupported resource type: ${resourceType}`)
}

function refused(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage }
}
