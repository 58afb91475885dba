import { StorageError } from '@millrace/log-core'
import {
  type CreateTopicsRequest,
  type CreateTopicsResponseInput,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { TopicSpec } from '../cluster/topic.ts'
import type { TopicWish } from '../cluster/topic-check.ts'
import { topicConfigEntries } from '../config/config-entries.ts'
import type { Handler } from './handler.ts'

type AskedTopic = CreateTopicsRequest['topics'][number]
type TopicReply = CreateTopicsResponseInput['topics'][number]

/**
 * CreateTopics, v2-7. Each topic is created or refused for itself; those of one request share a sync.
 * From v5 the answer tells partitions, replicas and configs, never null (trap 6a).
 */
export const handleCreateTopics: Handler<CreateTopicsRequest, CreateTopicsResponseInput> = async (
  services,
  _context,
  request,
) => {
  const names = new Set<string>()
  const duplicates = new Set<string>()
  for (const { name } of request.topics) {
    if (names.has(name)) duplicates.add(name)
    names.add(name)
  }
  const unique = request.topics.filter(({ name }) => !duplicates.has(name))
  const topics = await Promise.all(unique.map((asked) => createOne(services, asked, request.validateOnly)))
  for (const name of duplicates) {
    topics.push(failed(name, new KafkaError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')))
  }
  return { throttleTimeMs: 0, topics }
}

async function createOne(
  services: BrokerServices,
  asked: AskedTopic,
  isValidateOnly: boolean,
): Promise<TopicReply> {
  const { controlPlane } = services
  try {
    const wish = readWish(services, asked)
    if (isValidateOnly) return created(services, controlPlane.checkTopic(wish))
    const topic = await controlPlane.createTopic(wish)
    return { ...created(services, topic), topicId: topic.topicId }
  } catch (error) {
    return failed(asked.name, error)
  }
}

/** Throws the KafkaError that the topic is refused with. */
function readWish(services: BrokerServices, asked: AskedTopic): TopicWish {
  const configs: Record<string, string> = {}
  for (const { name, value } of asked.configs) {
    if (value === null) {
      throw new KafkaError(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${name}`)
    }
    configs[name] = value
  }
  const { name, numPartitions, replicationFactor, assignments } = asked
  if (assignments.length === 0) return { name, partitionCount: numPartitions, replicationFactor, configs }
  return { name, ...readAssignments(services, asked), configs }
}

/** A manual assignment says how many partitions there are, and how many replicas each has. */
function readAssignments(
  { clusterView }: BrokerServices,
  { name, numPartitions, replicationFactor, assignments }: AskedTopic,
): Pick<TopicWish, 'partitionCount' | 'replicationFactor'> {
  const refuse = (message: string): KafkaError =>
    new KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
  if (numPartitions !== -1 || replicationFactor !== -1) {
    const field = replicationFactor === -1 ? 'numPartitions' : 'replicationFactor'
    throw new KafkaError(
      ErrorCode.INVALID_REQUEST,
      `A manual partition assignment was specified, but ${field} was not set to -1.`,
    )
  }
  const byIndex = new Map(assignments.map((assignment) => [assignment.partitionIndex, assignment.brokerIds]))
  const replicas = byIndex.get(0)?.length ?? 0
  if (byIndex.size !== assignments.length) {
    throw refuse('Found multiple manual partition assignments for one partition')
  }
  for (let index = 0; index < byIndex.size; index++) {
    const brokerIds = byIndex.get(index)
    if (brokerIds === undefined) throw refuse('partitions should be a consecutive 0-based integer sequence')
    if (brokerIds.length === 0 || brokerIds.length !== replicas || new Set(brokerIds).size !== replicas) {
      throw refuse('The manual partition assignment must name as many distinct brokers for every partition.')
    }
    const unknown = brokerIds.find((brokerId) => !clusterView.nodeIds.includes(brokerId))
    if (unknown !== undefined) {
      throw refuse(
        `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`,
      )
    }
    if (brokerIds[0] !== clusterView.leaderOf(name, index)) {
      throw refuse(
        `Partition ${index} would be led by broker ${clusterView.leaderOf(name, index)}, not by choice.`,
      )
    }
  }
  return { partitionCount: byIndex.size, replicationFactor: replicas }
}

function created(services: BrokerServices, spec: TopicSpec): TopicReply {
  const entries = topicConfigEntries({
    topic: spec.configs,
    defaults: services.defaultLogConfig,
    brokerSettings: services.brokerSettings,
  })
  return {
    name: spec.name,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: spec.partitionCount,
    replicationFactor: spec.replicationFactor,
    configs: entries.map(({ name, value, isReadOnly, source, isSensitive }) => ({
      name,
      value,
      readOnly: isReadOnly,
      configSource: source,
      isSensitive,
    })),
  }
}

function failed(name: string, error: unknown): TopicReply {
  if (error instanceof KafkaError)
    return { name, errorCode: error.code, errorMessage: error.message, configs: [] }
  if (!(error instanceof StorageError)) throw error
  return { name, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: error.message, configs: [] }
}
