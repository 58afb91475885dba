import type { TopicPartition } from '../../consumer/consumer-record.ts'
import { type Assignor, inOrder } from './assignor.ts'

/**
 * Gives each member a range of each topic's partitions (Kafka's RangeAssignor): the partitions with
 * one number of several topics go to one member, the first members get one more where it is uneven.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  protocol: 'eager',
  assign: (members, partitionCounts) => {
    const assignment = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort()
    for (const topic of topics) {
      const interested = inOrder(members.filter((member) => member.topics.includes(topic)))
      const count = partitionCounts.get(topic) ?? 0
      const share = Math.floor(count / interested.length)
      const withOneMore = count % interested.length
      let partition = 0
      for (const [i, { memberId }] of interested.entries()) {
        const end = partition + share + (i < withOneMore ? 1 : 0)
        for (; partition < end; partition++) assignment.get(memberId)?.push({ topic, partition })
      }
    }
    return assignment
  },
}
