import type { TopicPartitions } from '../consumer/topic-partitions.ts'
import { AssignmentBuilder, inOrder } from './assignment-builder.ts'
import type { AssignableMember, PartitionCounts } from './assignor.ts'

/**
 * Balancing moves one partition at a time from a member to one with at least two fewer, so it ends by itself; this
 * bounds the rounds over all topics in which it looks for such moves, as Kafka's assignor does.
 */
const MAX_ROUNDS = 16

interface Topic {
  readonly topicId: string
  readonly partitionCount: number
  readonly subscribers: readonly AssignableMember[]
}

/**
 * As many partitions for everybody as can be, and as few moves as that allows. Where all members subscribe to the
 * same topics nobody has two more than anybody else.
 */
export function assignUniformly(
  members: readonly AssignableMember[],
  partitionCounts: PartitionCounts,
): ReadonlyMap<string, TopicPartitions> {
  const ordered = inOrder(members)
  const builder = new AssignmentBuilder(members)
  const topics = [...partitionCounts]
    .map(([topicId, partitionCount]) => ({
      topicId,
      partitionCount,
      subscribers: ordered.filter(({ topicIds }) => topicIds.has(topicId)),
    }))
    .filter(({ subscribers }) => subscribers.length > 0)
    // Topics that few can take come first: what is left for many can still even it out.
    .sort(
      (one, other) =>
        one.subscribers.length - other.subscribers.length || (one.topicId < other.topicId ? -1 : 1),
    )
  for (const topic of topics) keepPrevious(builder, topic)
  limitToFairShare(builder, ordered, topics)
  for (const topic of topics) giveTheRest(builder, topic)
  balance(builder, topics)
  return builder.build()
}

/** Partitions stay where they were, as far as they and the subscription still exist. */
function keepPrevious(builder: AssignmentBuilder, { partitionCount, subscribers, topicId }: Topic): void {
  const taken = new Set<number>()
  for (const { memberId, previous } of subscribers) {
    for (const partition of previous.get(topicId) ?? []) {
      if (partition >= partitionCount || taken.has(partition)) continue
      taken.add(partition)
      builder.give(memberId, topicId, partition)
    }
  }
}

/**
 * Where everybody subscribes to everything, who has more than a fair share gives up the surplus at once, instead of
 * piece by piece when balancing. Members that had one more than the least keep it first.
 */
function limitToFairShare(
  builder: AssignmentBuilder,
  members: readonly AssignableMember[],
  topics: readonly Topic[],
): void {
  if (topics.some(({ subscribers }) => subscribers.length !== members.length) || members.length === 0) return
  const total = topics.reduce((sum, { partitionCount }) => sum + partitionCount, 0)
  const least = Math.floor(total / members.length)
  let withOneMore = total % members.length
  for (const { memberId } of members) {
    const isAllowedOneMore = builder.loadOf(memberId) > least && withOneMore > 0
    if (isAllowedOneMore) withOneMore--
    const limit = least + (isAllowedOneMore ? 1 : 0)
    for (const { topicId } of topics.toReversed()) {
      for (const partition of [...(builder.of(memberId, topicId) ?? [])].reverse()) {
        if (builder.loadOf(memberId) <= limit) break
        builder.take(memberId, topicId, partition)
      }
    }
  }
}

/** What nobody has goes to whoever has least. */
function giveTheRest(builder: AssignmentBuilder, { partitionCount, subscribers, topicId }: Topic): void {
  const taken = new Set<number>()
  for (const { memberId } of subscribers)
    for (const partition of builder.of(memberId, topicId) ?? []) taken.add(partition)
  if (taken.size === partitionCount) return
  const byLoad = new LoadQueue(builder, subscribers)
  for (let partition = 0; partition < partitionCount; partition++) {
    if (!taken.has(partition)) builder.give(byLoad.takeLeast(), topicId, partition)
  }
}

function balance(builder: AssignmentBuilder, topics: readonly Topic[]): void {
  let hasMoved = true
  for (let round = 0; round < MAX_ROUNDS && hasMoved; round++) {
    hasMoved = false
    for (const topic of topics) hasMoved = balanceTopic(builder, topic) || hasMoved
  }
}

/** Moves partitions of one topic from the most loaded of its subscribers to the least, while that evens them out. */
function balanceTopic(builder: AssignmentBuilder, { subscribers, topicId }: Topic): boolean {
  let hasMoved = false
  for (;;) {
    const most = extreme(subscribers, ({ memberId }) =>
      (builder.of(memberId, topicId)?.size ?? 0) > 0 ? builder.loadOf(memberId) : Number.NEGATIVE_INFINITY,
    )
    const least = extreme(subscribers, ({ memberId }) => -builder.loadOf(memberId))
    if (most === undefined || least === undefined) return hasMoved
    if (builder.loadOf(most.memberId) - builder.loadOf(least.memberId) < 2) return hasMoved
    const partition = Math.max(...(builder.of(most.memberId, topicId) ?? []))
    if (!Number.isFinite(partition)) return hasMoved
    builder.take(most.memberId, topicId, partition)
    builder.give(least.memberId, topicId, partition)
    hasMoved = true
  }
}

/** The first of those with the highest value. */
function extreme<T>(values: readonly T[], rankOf: (value: T) => number): T | undefined {
  let best: { value: T; rank: number } | undefined
  for (const value of values) {
    const rank = rankOf(value)
    if (best === undefined || rank > best.rank) best = { value, rank }
  }
  return best?.value
}

/** Members by how much they have, least first; each one taken is about to have one more. */
class LoadQueue {
  readonly #levels = new Map<number, string[]>()
  #least: number

  constructor(builder: AssignmentBuilder, members: readonly AssignableMember[]) {
    for (const { memberId } of members) this.#add(builder.loadOf(memberId), memberId)
    this.#least = Math.min(...this.#levels.keys())
  }

  takeLeast(): string {
    let waiting = this.#levels.get(this.#least)
    while (waiting === undefined || waiting.length === 0) waiting = this.#levels.get(++this.#least)
    const memberId = waiting.shift() ?? ''
    this.#add(this.#least + 1, memberId)
    return memberId
  }

  #add(load: number, memberId: string): void {
    const level = this.#levels.get(load)
    if (level === undefined) this.#levels.set(load, [memberId])
    else level.push(memberId)
  }
}
