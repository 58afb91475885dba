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
import { describeInTurns } from './in-turns.ts'
import { describePartition, visiblePartitions } from './partition-reply.ts'

type TopicReply = MetadataResponseInput['topics'][number]

/** What a request asks for. Each topic is answered once, however often it stands there, as in Kafka. */
type Asked =
  | { readonly kind: 'all' }
  | { readonly kind: 'by-name'; readonly names: readonly string[] }
  /** Where one id is given, Kafka looks at no name. */
  | { readonly kind: 'by-id'; readonly topicIds: readonly string[] }
  | { readonly kind: 'invalid' }

const FIRST_VERSION_BY_ID = 12

/**
 * Metadata, v0-13: brokers, topics, leaders (trap 7). Topics that do not exist are created here when
 * request and configuration allow it, and answered with their leaders at once (trap 10). What is found stands before
 * what is not, as in Kafka.
 */
export const handleMetadata: Handler<MetadataRequest, MetadataResponseInput> = (
  services,
  context,
  request,
) => {
  const asked = readAsked(request, context.apiVersion)
  switch (asked.kind) {
    case 'all':
      return replyWith(findAll(services, request))
    case 'by-id':
      return replyWith(findById(services, request, asked.topicIds))
    case 'by-name': {
      const mayCreate = request.allowAutoTopicCreation && services.config['auto.create.topics.enable']
      const missing = mayCreate ? asked.names.filter((name) => canCreate(services, name)) : []
      if (missing.length === 0) return replyWith(findByName(services, request, asked.names))
      return createMissing(services, missing).then((errors) =>
        replyWith(findByName(services, request, asked.names, errors)),
      )
    }
    case 'invalid':
      return refuse(request)
  }

  function replyWith(topics: Found): MetadataResponseInput | Promise<MetadataResponseInput> {
    return topics instanceof Promise ? topics.then(reply) : reply(topics)
  }

  function reply(topics: TopicReply[]): MetadataResponseInput {
    const { clusterView } = services
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

function readAsked({ topics }: MetadataRequest, apiVersion: number): Asked {
  if (topics === null || (apiVersion === 0 && topics.length === 0)) return { kind: 'all' }
  const topicIds = new Set<string>()
  const names = new Set<string>()
  for (const { topicId, name } of topics) {
    if (topicId !== ZERO_UUID) topicIds.add(topicId)
    else if (name === null) return { kind: 'invalid' }
    else names.add(name)
  }
  if (topicIds.size === 0) return { kind: 'by-name', names: [...names] }
  // Versions 10 and 11 have the field and do not look at it yet.
  return apiVersion < FIRST_VERSION_BY_ID ? { kind: 'invalid' } : { kind: 'by-id', topicIds: [...topicIds] }
}

/** A request that cannot be understood is told so topic by topic: before v13 there is no other place. */
function refuse({ topics }: MetadataRequest): MetadataResponseInput {
  const errorCode = ErrorCode.INVALID_REQUEST
  return {
    brokers: [],
    topics: (topics ?? []).map(({ topicId, name }) => ({
      ...failedTopic(name ?? '', errorCode),
      topicId,
    })),
    errorCode,
  }
}

type Found = TopicReply[] | Promise<TopicReply[]>

function findAll(services: BrokerServices, request: MetadataRequest): Found {
  return describeInTurns(services.clock, [...services.catalog.topics()], (topics) =>
    topics
      .filter((topic) => visiblePartitions(services, topic) > 0)
      .map((topic) => describeTopic(services, topic, request)),
  )
}

function findById(services: BrokerServices, request: MetadataRequest, topicIds: readonly string[]): Found {
  const topics: Topic[] = []
  const failed: TopicReply[] = []
  for (const topicId of topicIds) {
    const topic = services.catalog.topicById(topicId)
    if (topic !== undefined) topics.push(topic)
    else failed.push({ ...failedTopic(null, ErrorCode.UNKNOWN_TOPIC_ID), topicId })
  }
  return describeWith(services, request, { topics, failed })
}

function findByName(
  services: BrokerServices,
  request: MetadataRequest,
  names: readonly string[],
  errors?: ReadonlyMap<string, number>,
): Found {
  const topics: Topic[] = []
  const failed: TopicReply[] = []
  for (const name of names) {
    const topic = services.catalog.topic(name)
    if (topic !== undefined) topics.push(topic)
    else if (topicNameProblem(name) !== null)
      failed.push(failedTopic(name, ErrorCode.INVALID_TOPIC_EXCEPTION))
    else failed.push(failedTopic(name, errors?.get(name) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
  }
  return describeWith(services, request, { topics, failed })
}

function describeWith(
  services: BrokerServices,
  request: MetadataRequest,
  { topics, failed }: { readonly topics: readonly Topic[]; readonly failed: readonly TopicReply[] },
): Found {
  const described = describeInTurns(services.clock, topics, (slice) =>
    slice.map((topic) => describeTopic(services, topic, request)),
  )
  return described instanceof Promise
    ? described.then((replies) => [...replies, ...failed])
    : [...described, ...failed]
}

function canCreate({ catalog }: BrokerServices, name: string): boolean {
  return catalog.topic(name) === undefined && topicNameProblem(name) === null
}

/** The error of each topic that could not be created. */
async function createMissing(
  { controlPlane }: BrokerServices,
  missing: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const errors = new Map<string, number>()
  await Promise.all(
    missing.map(async (name) => {
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

function failedTopic(name: string | null, errorCode: number): TopicReply {
  return {
    errorCode,
    name,
    topicId: ZERO_UUID,
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
