import { StorageError } from '@millrace/log-core'
import {
  ErrorCode,
  KafkaError,
  type MetadataRequest,
  type MetadataResponseInput,
  ZERO_UUID,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Topic } from '../cluster/topic.ts'
import { isInternalTopic, topicNameProblem } from '../cluster/topic-name.ts'
import { CLUSTER_OPERATIONS, OPERATIONS_NOT_ASKED, TOPIC_OPERATIONS } from './authorized-operations.ts'
import type { Handler } from './handler.ts'
import { describePartition, visiblePartitions } from './partition-reply.ts'

type TopicReply = MetadataResponseInput['topics'][number]

/** A topic as the request names it: by name, or with a name of null by id. */
interface AskedTopic {
  readonly topicId: string
  readonly name: string | null
}

const FIRST_VERSION_BY_ID = 12

/**
 * Metadata, v0-13: brokers, topics, leaders (trap 7). Topics that do not exist are created here when
 * request and configuration allow it, and answered with their leaders at once (trap 10).
 */
export const handleMetadata: Handler<MetadataRequest, MetadataResponseInput> = (
  services,
  context,
  request,
) => {
  const { catalog, clusterView, config } = services
  const isForAll = request.topics === null || (context.apiVersion === 0 && request.topics.length === 0)
  if (isForAll) {
    const topics = Array.from(catalog.topics()).filter((topic) => visiblePartitions(services, topic) > 0)
    return reply(topics.map((topic) => describeTopic(services, topic, request)))
  }
  const mayCreate = request.allowAutoTopicCreation && config['auto.create.topics.enable']
  const asked = context.apiVersion < FIRST_VERSION_BY_ID ? namesOnly(request.topics) : (request.topics ?? [])
  const missing = mayCreate ? asked.filter(({ name }) => name !== null && canCreate(services, name)) : []
  if (missing.length === 0) return reply(asked.map((topic) => answerTopic(services, topic, request)))
  return createMissing(services, missing).then((errors) =>
    reply(asked.map((topic) => answerTopic(services, topic, request, errors))),
  )

  function reply(topics: TopicReply[]): MetadataResponseInput {
    return {
      throttleTimeMs: 0,
      brokers: clusterView.brokersFor(context.connection.listener.name),
      clusterId: clusterView.clusterId,
      controllerId: clusterView.controllerId,
      topics,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? CLUSTER_OPERATIONS
        : OPERATIONS_NOT_ASKED,
      errorCode: ErrorCode.NONE,
    }
  }
}

/** Until v11 a topic is found by name alone; one without a name is one of no name. */
function namesOnly(topics: MetadataRequest['topics']): AskedTopic[] {
  return (topics ?? []).map(({ name }) => ({ topicId: ZERO_UUID, name: name ?? '' }))
}

function canCreate({ catalog }: BrokerServices, name: string): boolean {
  return catalog.topic(name) === undefined && topicNameProblem(name) === null
}

/** The error of each topic that could not be created. */
async function createMissing(
  { controlPlane }: BrokerServices,
  missing: readonly { readonly name: string | null }[],
): Promise<ReadonlyMap<string, number>> {
  const errors = new Map<string, number>()
  const names = new Set(missing.map(({ name }) => name ?? ''))
  await Promise.all(
    Array.from(names, async (name) => {
      try {
        await controlPlane.autoCreateTopic(name)
      } catch (error) {
        errors.set(name, creationErrorCode(error))
      }
    }),
  )
  return errors
}

function creationErrorCode(error: unknown): number {
  if (error instanceof StorageError) return ErrorCode.KAFKA_STORAGE_ERROR
  if (!(error instanceof KafkaError)) throw error
  // Somebody else was faster: the topic is there, or will be in a moment.
  if (error.code === ErrorCode.TOPIC_ALREADY_EXISTS) return ErrorCode.LEADER_NOT_AVAILABLE
  return error.code
}

function answerTopic(
  services: BrokerServices,
  asked: AskedTopic,
  request: MetadataRequest,
  errors?: ReadonlyMap<string, number>,
): TopicReply {
  const { catalog } = services
  const topic = asked.name === null ? catalog.topicById(asked.topicId) : catalog.topic(asked.name)
  if (topic !== undefined) return describeTopic(services, topic, request)
  if (asked.name === null) return failedTopic(asked, ErrorCode.UNKNOWN_TOPIC_ID)
  if (topicNameProblem(asked.name) !== null) return failedTopic(asked, ErrorCode.INVALID_TOPIC_EXCEPTION)
  return failedTopic(asked, errors?.get(asked.name) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
}

function failedTopic(
  { topicId, name }: { readonly topicId: string; readonly name: string | null },
  errorCode: number,
): TopicReply {
  return {
    errorCode,
    name,
    topicId: name === null ? topicId : ZERO_UUID,
    isInternal: name !== null && isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
  }
}

function describeTopic(services: BrokerServices, topic: Topic, request: MetadataRequest): TopicReply {
  // Whoever names a topic that is on its way is told so, partition by partition.
  const length = visiblePartitions(services, topic) || topic.partitionCount
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions: Array.from({ length }, (_, index) => describePartition(services, topic, index)),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations
      ? TOPIC_OPERATIONS
      : OPERATIONS_NOT_ASKED,
  }
}
