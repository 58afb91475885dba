import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import { murmur2 } from './murmur2.ts'

/** The partition of a key, as Kafka's default partitioner: murmur2, made positive, modulo the count. */
export function partitionOfKey(key: Buffer, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

/**
 * Picks partitions for records without a key: the same one until a batch of it is full, then
 * another (KIP-480, KIP-794), so that few records do not make many small batches. A partition
 * without a leader is passed over while another has one.
 */
export class StickyPartition {
  readonly #random: () => number
  #current = -1

  constructor(random: () => number) {
    this.#random = random
  }

  pick(topic: TopicMetadata): number {
    const current = topic.partitions[this.#current]
    if (current !== undefined && current.leader >= 0) return this.#current
    this.#current = this.#another(topic)
    return this.#current
  }

  /** Called when a batch of the current partition was closed because it was full. */
  moveOn(): void {
    this.#current = -1
  }

  #another(topic: TopicMetadata): number {
    const led = topic.partitions.filter(({ leader }) => leader >= 0)
    const choices = led.length > 0 ? led : topic.partitions
    return choices[Math.floor(this.#random() * choices.length)]?.partition ?? 0
  }
}
