import type { TopicView } from '../topic-view.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, regexOf } from './consumer-member.ts'

/** Everything that a member reads: the names that it gave, and what its regular expression matched last. */
export function topicNamesOf(group: ConsumerGroup, member: ConsumerMember): readonly string[] {
  const regex = regexOf(member)
  const matched = regex === null ? undefined : group.regexes.get(regex)?.topics
  return matched === undefined ? member.subscribedTopicNames : [...member.subscribedTopicNames, ...matched]
}

/** Of those, the topics that exist. */
export function topicIdsOf(
  topics: TopicView,
  group: ConsumerGroup,
  member: ConsumerMember,
): ReadonlySet<string> {
  const topicIds = new Set<string>()
  for (const name of topicNamesOf(group, member)) {
    const facts = topics.find(name)
    if (facts !== undefined) topicIds.add(facts.topicId)
  }
  return topicIds
}

/** Whether any member reads the topic. */
export function isSubscribedTo(group: ConsumerGroup, topic: string): boolean {
  for (const member of group.members.values()) if (topicNamesOf(group, member).includes(topic)) return true
  return false
}

/**
 * One number for all existing topics that the group reads, with their ids and sizes: another one means that
 * partitions have to be spread anew. 0 where there are none. Kafka hashes differently, which costs one rebalance when a
 * group moves from one to the other.
 */
export function metadataHashOf(topics: TopicView, group: ConsumerGroup): number {
  const names = new Set<string>()
  for (const member of group.members.values()) for (const name of topicNamesOf(group, member)) names.add(name)
  const facts = [...names].sort().flatMap((name) => topics.find(name) ?? [])
  if (facts.length === 0) return 0
  return hash53(
    facts.map(({ name, partitionCount, topicId }) => `${name} ${topicId} ${partitionCount}`).join('\n'),
  )
}

/** cyrb53: two 32-bit multiplicative hashes side by side, of which 53 bits fit into a number. */
function hash53(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}
