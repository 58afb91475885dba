import { createPartitions, createTopics, deleteTopics, ErrorCode } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import type { Cluster } from '../cluster.ts'
import { retry } from '../connection/retry.ts'
import { type TopicMetadata, ZERO_TOPIC_ID } from '../metadata/topic-metadata.ts'
import {
  checkNames,
  integerOption,
  invalidOption,
  refuseUnknownOptions,
  requiredInteger,
  requiredName,
} from '../option-check.ts'
import { resourceError } from '../resource-error.ts'
import { checkConfigs } from './config-admin.ts'

/** A topic to be created. */
export interface NewTopic {
  readonly name: string
  /** The broker's `num.partitions` when left out. */
  readonly partitions?: number
  /** The broker's `default.replication.factor` when left out. */
  readonly replicationFactor?: number
  /** Kafka's topic configs, such as `retention.ms`. */
  readonly configs?: Readonly<Record<string, string>>
}

/** A topic that was created. Counts are -1 where the broker is too old to tell. */
export interface CreatedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: number
  readonly replicationFactor: number
}

/** Creates topics and waits until a broker names their leaders. Throws the KafkaError of the first that failed. */
export async function createNewTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  options: { readonly validateOnly?: boolean },
): Promise<CreatedTopic[]> {
  checkNewTopics(topics)
  const { validateOnly = false } = options
  const input = {
    topics: topics.map(({ name, partitions = -1, replicationFactor = -1, configs = {} }) => ({
      name,
      numPartitions: partitions,
      replicationFactor,
      assignments: [],
      configs: Object.entries(configs).map(([config, value]) => ({ name: config, value })),
    })),
    timeoutMs: cluster.settings.requestTimeoutMs,
    validateOnly,
  }
  const created = await cluster.call('controller', createTopics, input, (answer) =>
    answer.topics.map(({ name, topicId, errorCode, errorMessage, numPartitions, replicationFactor }) => {
      if (errorCode !== ErrorCode.NONE) throw topicError(name, errorCode, errorMessage)
      return { name, topicId, partitions: numPartitions, replicationFactor }
    }),
  )
  if (!validateOnly) await Promise.all(topics.map(({ name }) => untilUsable(cluster, name)))
  return created
}

/** Deletes topics by name. Throws the KafkaError of the first that failed. */
export async function deleteTopicsByName(cluster: Cluster, names: readonly string[]): Promise<void> {
  checkNames('topics', names)
  const input = {
    topics: names.map((name) => ({ name, topicId: ZERO_TOPIC_ID })),
    topicNames: names,
    timeoutMs: cluster.settings.requestTimeoutMs,
  }
  await cluster.call('controller', deleteTopics, input, ({ responses }) => {
    for (const { name, errorCode, errorMessage } of responses) {
      if (errorCode !== ErrorCode.NONE) throw topicError(name ?? '', errorCode, errorMessage)
    }
  })
  for (const name of names) cluster.metadata.markStale(name)
}

/** Raises the number of partitions of a topic. */
export async function raisePartitions(cluster: Cluster, name: string, count: number): Promise<void> {
  requiredName('topic', name)
  requiredInteger('count', count, COUNTS)
  const input = {
    topics: [{ name, count, assignments: null }],
    timeoutMs: cluster.settings.requestTimeoutMs,
    validateOnly: false,
  }
  await cluster.call('controller', createPartitions, input, ({ results }) => {
    for (const { name, errorCode, errorMessage } of results) {
      if (errorCode !== ErrorCode.NONE) throw topicError(name, errorCode, errorMessage)
    }
  })
  cluster.metadata.markStale(name)
}

/** All topics of the cluster, by name. */
export async function readAllTopics(
  cluster: Cluster,
  options: { readonly includeInternal?: boolean },
): Promise<TopicMetadata[]> {
  const topics = await retryRead(cluster, () => cluster.metadata.readAll('all topics'))
  return topics
    .filter(({ isInternal }) => options.includeInternal === true || !isInternal)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** One topic, read now. UNKNOWN_TOPIC when there is none; nothing is created. */
export async function readTopic(cluster: Cluster, name: string): Promise<TopicMetadata> {
  requiredName('topic', name)
  return retryRead(cluster, () => {
    cluster.metadata.markStale(name)
    return cluster.metadata.topic(name, { mayCreate: false })
  })
}

const NEW_TOPIC_NAMES = ['name', 'partitions', 'replicationFactor', 'configs']
/** What a broker may refuse is left to it: only what is no such number at all is refused here. */
const COUNTS = { min: -1, max: 2 ** 31 - 1 }

/** A name that nobody knows, such as kafkajs' `numPartitions`, would make a topic that nobody wanted. */
function checkNewTopics(topics: readonly NewTopic[]): void {
  if (!Array.isArray(topics)) throw invalidOption('topics', topics, 'an array of { name }')
  for (const topic of topics) {
    refuseUnknownOptions('a new topic', topic, NEW_TOPIC_NAMES)
    const { name, partitions, replicationFactor, configs = {} } = topic
    requiredName('name', name)
    integerOption('partitions', partitions, { ...COUNTS, default: -1 })
    integerOption('replicationFactor', replicationFactor, { ...COUNTS, default: -1 })
    checkConfigs(configs)
  }
}

/** A created topic may take a moment to reach the broker that is asked next (KRaft). */
async function untilUsable(cluster: Cluster, name: string): Promise<void> {
  await retryRead(cluster, async () => {
    try {
      const { partitions } = await cluster.metadata.topic(name, { mayCreate: false })
      if (partitions.every(({ leader }) => leader >= 0)) return
      cluster.metadata.markStale(name)
    } catch (error) {
      if (!(error instanceof ClientError && error.code === 'UNKNOWN_TOPIC')) throw error
    }
    throw new ClientError('NO_LEADER', `topic "${name}" was created, but has no leader yet`)
  })
}

function retryRead<T>(cluster: Cluster, read: () => Promise<T>): Promise<T> {
  const { clock, retryBackoffMs, retryBackoffMaxMs, apiTimeoutMs } = cluster.settings
  return retry(clock, { retryBackoffMs, retryBackoffMaxMs, timeoutMs: apiTimeoutMs, what: 'Metadata' }, read)
}

function topicError(name: string, errorCode: number, message: string | null): Error {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
    return new ClientError('UNKNOWN_TOPIC', `there is no topic "${name}"`)
  }
  return resourceError(`topic "${name}"`, errorCode, message)
}
