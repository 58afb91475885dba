import type { TopicPartitions } from '../consumer/topic-partitions.ts'
import type { AssignableMember } from './assignor.ts'

/** Static members by their instance, dynamic ones by their id: an order that a restart does not change. */
export function inOrder(members: readonly AssignableMember[]): AssignableMember[] {
  return members.toSorted((one, other) => (orderKey(one) < orderKey(other) ? -1 : 1))
}

function orderKey({ instanceId, memberId }: AssignableMember): string {
  return instanceId === null ? `1${memberId}` : `0${instanceId}`
}

/** Who has what, while it is being spread. */
export class AssignmentBuilder {
  readonly #partitions = new Map<string, Map<string, Set<number>>>()
  readonly #loads = new Map<string, number>()

  constructor(members: readonly AssignableMember[]) {
    for (const { memberId } of members) {
      this.#partitions.set(memberId, new Map())
      this.#loads.set(memberId, 0)
    }
  }

  loadOf(memberId: string): number {
    return this.#loads.get(memberId) ?? 0
  }

  /** The member's partitions of one topic. */
  of(memberId: string, topicId: string): ReadonlySet<number> | undefined {
    return this.#partitions.get(memberId)?.get(topicId)
  }

  give(memberId: string, topicId: string, partition: number): void {
    const topics = this.#partitions.get(memberId)
    if (topics === undefined) throw new RangeError(`${memberId} is no member`)
    const partitions = topics.get(topicId)
    if (partitions === undefined) topics.set(topicId, new Set([partition]))
    else partitions.add(partition)
    this.#loads.set(memberId, this.loadOf(memberId) + 1)
  }

  take(memberId: string, topicId: string, partition: number): void {
    const topics = this.#partitions.get(memberId)
    const partitions = topics?.get(topicId)
    if (partitions?.delete(partition) !== true)
      throw new RangeError(`${memberId} does not have ${topicId}-${partition}`)
    if (partitions.size === 0) topics?.delete(topicId)
    this.#loads.set(memberId, this.loadOf(memberId) - 1)
  }

  build(): ReadonlyMap<string, TopicPartitions> {
    return this.#partitions
  }
}
