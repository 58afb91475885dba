import { ErrorCode, type OffsetDeleteRequest, type OffsetDeleteResponseInput } from '@millrace/protocol'
import { isCoordinator, requireText } from '../groups/group-request.ts'
import type { Handler } from './handler.ts'

/** OffsetDelete, v0 (KIP-496). Partitions that do not exist are refused one by one, as in Kafka. */
export const handleOffsetDelete: Handler<OffsetDeleteRequest, OffsetDeleteResponseInput> = async (
  services,
  context,
  request,
) => {
  const { catalog, groups } = services
  const { groupId, topics } = request
  requireText(groupId, ...topics.map(({ name }) => name))
  if (!isCoordinator(services, context, groupId)) return { errorCode: ErrorCode.NOT_COORDINATOR, topics: [] }
  const isThere = (name: string, index: number): boolean =>
    index >= 0 && index < (catalog.topic(name)?.partitionCount ?? 0)
  const known = topics
    .map(({ name, partitions }) => ({
      name,
      partitions: partitions.filter(({ partitionIndex }) => isThere(name, partitionIndex)),
    }))
    .filter(({ partitions }) => partitions.length > 0)
  const answer = await groups.offsetDelete({ groupId, topics: known })
  if (answer.errorCode !== ErrorCode.NONE) return answer
  const codes = new Map(
    answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => [`${name}-${partitionIndex}`, errorCode] as const),
    ),
  )
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: codes.get(`${name}-${partitionIndex}`) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      })),
    })),
  }
}
