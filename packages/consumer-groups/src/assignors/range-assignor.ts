import type { TopicPartitions } from '../consumer/topic-partitions.ts'
import { AssignmentBuilder, inOrder } from './assignment-builder.ts'
import type { AssignableMember, PartitionCounts } from './assignor.ts'

/**
 * Each topic by itself: its partitions in contiguous ranges, over its subscribers in their order, the first of them
 * with one more where it does not come out even. So members that read topics of equal size get the same partition
 * numbers of each, and can join records by key.
 */
export function assignRanges(
  members: readonly AssignableMember[],
  partitionCounts: PartitionCounts,
): ReadonlyMap<string, TopicPartitions> {
  const builder = new AssignmentBuilder(members)
  const ordered = inOrder(members)
  for (const [topicId, partitionCount] of partitionCounts) {
    const subscribers = ordered.filter(({ topicIds }) => topicIds.has(topicId))
    const least = Math.floor(partitionCount / subscribers.length)
    const withOneMore = partitionCount % subscribers.length
    let partition = 0
    for (const [index, { memberId }] of subscribers.entries()) {
      const share = least + (index < withOneMore ? 1 : 0)
      for (let taken = 0; taken < share; taken++) builder.give(memberId, topicId, partition++)
    }
  }
  return builder.build()
}
