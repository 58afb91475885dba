import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { BrokerConfig } from '../config/broker-config.ts'
import { InvalidConfigError } from '../config/config-value.ts'
import { checkTopicConfigs, defaultLogConfig } from '../config/topic-config.ts'
import type { Limits } from '../limits.ts'
import type { ClusterView } from './cluster-view.ts'
import type { Assignments, TopicSpec } from './topic.ts'
import type { TopicCatalog } from './topic-catalog.ts'
import { KAFKA_METADATA_TOPIC, OFFSETS_TOPIC, topicNameProblem } from './topic-name.ts'

/** What somebody wants a topic to be. -1: the broker's default. */
export interface TopicWish {
  readonly name: string
  readonly partitionCount: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
  /** The brokers of each partition, checked, when somebody chose them. */
  readonly assignments?: Assignments
}

export interface TopicCheckServices {
  readonly config: BrokerConfig
  readonly limits: Limits
  readonly catalog: TopicCatalog
  readonly clusterView: ClusterView
}

/** The topic that would be created. Throws the KafkaError that says why it cannot be, in Kafka's order and words. */
export function checkNewTopic(services: TopicCheckServices, wish: TopicWish): TopicSpec {
  const { catalog, config } = services
  const { name, configs } = wish
  const problem = topicNameProblem(name)
  if (problem !== null) throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
  if (name === KAFKA_METADATA_TOPIC) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
  }
  catalog.checkNewName(name)
  const partitionCount = wish.partitionCount === -1 ? config['num.partitions'] : wish.partitionCount
  const replicationFactor =
    wish.replicationFactor === -1 ? config['default.replication.factor'] : wish.replicationFactor
  checkIsPositive(replicationFactor)
  if (partitionCount <= 0) {
    throw new KafkaError(
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    )
  }
  checkOffsetsTopic(config, name, partitionCount)
  checkIsReachable(services, replicationFactor)
  checkPartitionLimits(services, { total: partitionCount, added: partitionCount })
  checkTopicLimit(services)
  checkConfigs(config, configs)
  return { name, partitionCount, replicationFactor, configs, assignments: wish.assignments ?? {} }
}

/** Groups are spread over as many partitions as are configured: with any other number some would have nowhere to be kept. */
function checkOffsetsTopic(config: BrokerConfig, name: string, partitionCount: number): void {
  const expected = config['offsets.topic.num.partitions']
  if (name !== OFFSETS_TOPIC || partitionCount === expected) return
  throw new KafkaError(
    ErrorCode.INVALID_PARTITIONS,
    `${OFFSETS_TOPIC} has ${expected} partitions here (offsets.topic.num.partitions), not ${partitionCount}.`,
  )
}

function checkIsPositive(replicationFactor: number): void {
  if (replicationFactor > 0) return
  throw new KafkaError(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    'Replication factor must be larger than 0, or -1 to use the default value.',
  )
}

function checkIsReachable({ config, clusterView }: TopicCheckServices, replicationFactor: number): void {
  const brokerCount = clusterView.nodeIds.length
  if (replicationFactor > brokerCount && !config['millrace.replication.factor.lenient']) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${replicationFactor} time(s): The target replication factor of ` +
        `${replicationFactor} cannot be reached because only ${brokerCount} broker(s) are registered ` +
        'or some brokers have all their log directories cordoned.',
    )
  }
}

/** Throws the KafkaError for a topic of `total` partitions of which `added` are new, when there would be too many. */
export function checkPartitionLimits(
  { catalog, limits }: Pick<TopicCheckServices, 'catalog' | 'limits'>,
  { total, added }: { readonly total: number; readonly added: number },
): void {
  if (total > limits.maxPartitionsPerTopic) {
    throw new KafkaError(
      ErrorCode.POLICY_VIOLATION,
      `Excessively large number of partitions: ${total}, and at most ${limits.maxPartitionsPerTopic} are allowed.`,
    )
  }
  if (catalog.partitionCount + added > limits.maxPartitions) {
    throw new KafkaError(
      ErrorCode.POLICY_VIOLATION,
      `There would be more than ${limits.maxPartitions} partitions in all.`,
    )
  }
}

function checkTopicLimit({ catalog, limits }: TopicCheckServices): void {
  if (catalog.topicCount < limits.maxTopics) return
  throw new KafkaError(
    ErrorCode.POLICY_VIOLATION,
    `There are ${limits.maxTopics} topics, and no more are allowed.`,
  )
}

function checkConfigs(config: BrokerConfig, configs: Readonly<Record<string, string>>): void {
  try {
    checkTopicConfigs(defaultLogConfig(config), configs)
  } catch (cause) {
    if (!(cause instanceof InvalidConfigError)) throw cause
    throw new KafkaError(ErrorCode.INVALID_CONFIG, cause.message, { cause })
  }
}
