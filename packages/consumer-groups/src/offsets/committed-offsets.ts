import type { CommittedOffset } from './committed-offset.ts'

/** The committed offsets of one topic, by partition. */
export type TopicOffsets = ReadonlyMap<number, CommittedOffset>

/** Every committed offset of a shard. It changes only when a record is replayed (G1). */
export class CommittedOffsets {
  readonly #groups = new Map<string, Map<string, Map<number, CommittedOffset>>>()

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition)
  }

  /** By topic, in the order of their first commit. */
  ofGroup(groupId: string): ReadonlyMap<string, TopicOffsets> | undefined {
    return this.#groups.get(groupId)
  }

  has(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  set(groupId: string, topic: string, partition: number, committed: CommittedOffset): void {
    let topics = this.#groups.get(groupId)
    if (topics === undefined) {
      topics = new Map()
      this.#groups.set(groupId, topics)
    }
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, new Map([[partition, committed]]))
    else partitions.set(partition, committed)
  }

  delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#groups.delete(groupId)
  }
}
