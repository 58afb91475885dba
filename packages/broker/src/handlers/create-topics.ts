import {
  type CreateTopicsRequest,
  type CreateTopicsResponseInput,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { assignmentProblem } from '../cluster/replica-assignment.ts'
import type { TopicSpec } from '../cluster/topic.ts'
import type { TopicWish } from '../cluster/topic-check.ts'
import { topicConfigEntries } from '../config/config-entries.ts'
import type { Handler } from './handler.ts'
import { repeatedNames, tellFailure } from './request-failure.ts'

type AskedTopic = CreateTopicsRequest['topics'][number]
type TopicReply = CreateTopicsResponseInput['topics'][number]

/**
 * CreateTopics, v2-7. Each topic is created or refused for itself; those of one request share a sync.
 * From v5 the answer tells partitions, replicas and configs, never null (trap 6a).
 */
export const handleCreateTopics: Handler<CreateTopicsRequest, CreateTopicsResponseInput> = async (
  services,
  { connection },
  request,
) => {
  const { nodeId } = connection.listener
  const repeated = repeatedNames(request.topics.map(({ name }) => name))
  const unique = request.topics.filter(({ name }) => !repeated.has(name))
  const { validateOnly } = request
  const topics = await Promise.all(unique.map((asked) => createOne(services, nodeId, asked, validateOnly)))
  for (const name of repeated) {
    topics.push(failed(name, new KafkaError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')))
  }
  return { throttleTimeMs: 0, topics }
}

async function createOne(
  services: BrokerServices,
  nodeId: number,
  asked: AskedTopic,
  isValidateOnly: boolean,
): Promise<TopicReply> {
  const { controlPlane } = services
  try {
    const wish = readWish(services, asked)
    if (isValidateOnly) return created(services, nodeId, controlPlane.checkTopic(wish))
    const topic = await controlPlane.createTopic(wish)
    return { ...created(services, nodeId, topic), topicId: topic.topicId }
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

/** A manual assignment says how many partitions there are, and which brokers have them. */
function readAssignments(
  { clusterView }: BrokerServices,
  { numPartitions, replicationFactor, assignments }: AskedTopic,
): Pick<TopicWish, 'partitionCount' | 'replicationFactor' | 'assignments'> {
  const refuse = (message: string): KafkaError =>
    new KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
  if (replicationFactor !== -1 || numPartitions !== -1) {
    const field = replicationFactor === -1 ? 'numPartitions' : 'replication factor'
    throw new KafkaError(
      ErrorCode.INVALID_REQUEST,
      `A manual partition assignment was specified, but ${field} was not set to -1.`,
    )
  }
  const byIndex: Record<number, readonly number[]> = {}
  for (const { partitionIndex, brokerIds } of assignments) {
    if (Object.hasOwn(byIndex, partitionIndex)) {
      throw refuse(`Found multiple manual partition assignments for partition ${partitionIndex}`)
    }
    const problem = assignmentProblem(brokerIds, clusterView.nodeIds, assignments[0]?.brokerIds.length)
    if (problem !== null) throw refuse(problem)
    byIndex[partitionIndex] = brokerIds
  }
  const replicas = byIndex[0]?.length
  for (let index = 0; index < assignments.length; index++) {
    if (byIndex[index] === undefined) {
      throw refuse('partitions should be a consecutive 0-based integer sequence')
    }
  }
  return { partitionCount: assignments.length, replicationFactor: replicas ?? 1, assignments: byIndex }
}

function created(services: BrokerServices, nodeId: number, spec: TopicSpec): TopicReply {
  const { settings } = services
  const entries = topicConfigEntries({ topic: spec.configs, settings, nodeId })
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
  return { name, ...tellFailure(error), configs: [] }
}
