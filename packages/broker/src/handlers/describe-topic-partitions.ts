import {
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponseInput,
  ErrorCode,
  ZERO_UUID,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Topic } from '../cluster/topic.ts'
import { isInternalTopic, topicNameProblem } from '../cluster/topic-name.ts'
import { TOPIC_OPERATIONS } from './authorized-operations.ts'
import type { Handler } from './handler.ts'
import { describePartition } from './partition-reply.ts'

type Reply = DescribeTopicPartitionsResponseInput
type TopicReply = Reply['topics'][number]
type Cursor = NonNullable<DescribeTopicPartitionsRequest['cursor']>

/**
 * DescribeTopicPartitions, v0 (KIP-966): topics by name, page by page. A page holds at most the partitions that request
 * and configuration allow, and the cursor names the first one of the next. Eligible leader replicas are empty, never
 * null (trap 6b).
 */
export const handleDescribeTopicPartitions: Handler<DescribeTopicPartitionsRequest, Reply> = (
  services,
  _context,
  { topics: asked, responsePartitionLimit, cursor },
) => {
  const { catalog, config } = services
  if (cursor !== null && !isUsable(cursor, asked)) return page(asked.map(refusedTopic), null)
  const limit = Math.max(1, Math.min(responsePartitionLimit, config['max.request.partition.size.limit']))
  const all =
    asked.length === 0 ? Array.from(catalog.topics(), ({ name }) => name) : asked.map(({ name }) => name)
  const names = [...new Set(all)].sort().filter((name) => cursor === null || name >= cursor.topicName)
  const topics: TopicReply[] = []
  let room = limit
  for (const name of names) {
    const topic = catalog.topic(name)
    const first = cursor?.topicName === name ? cursor.partitionIndex : 0
    if (topic === undefined) {
      topics.push(unknownTopic(name))
      continue
    }
    if (room === 0) return page(topics, { topicName: name, partitionIndex: first })
    const end = Math.min(topic.partitionCount, first + room)
    topics.push(describe(services, topic, first, end))
    room -= Math.max(0, end - first)
    if (end < topic.partitionCount) return page(topics, { topicName: name, partitionIndex: end })
  }
  return page(topics, null)
}

/** A cursor stands at a partition that there could be, of a topic that is asked for. */
function isUsable(
  { topicName, partitionIndex }: Cursor,
  asked: DescribeTopicPartitionsRequest['topics'],
): boolean {
  return partitionIndex >= 0 && (asked.length === 0 || asked.some(({ name }) => name === topicName))
}

function refusedTopic({ name }: { readonly name: string }): TopicReply {
  return { errorCode: ErrorCode.INVALID_REQUEST, name, topicId: ZERO_UUID, isInternal: false, partitions: [] }
}

function page(topics: TopicReply[], nextCursor: Reply['nextCursor'] | null): Reply {
  return { throttleTimeMs: 0, topics, nextCursor: nextCursor ?? null }
}

function unknownTopic(name: string): TopicReply {
  const isInvalid = topicNameProblem(name) !== null
  return {
    errorCode: isInvalid ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  }
}

function describe(services: BrokerServices, topic: Topic, first: number, end: number): TopicReply {
  const partitions = Array.from({ length: Math.max(0, end - first) }, (_, at) => ({
    ...describePartition(services, topic, first + at),
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
  }))
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  }
}
