import type { PartitionLog, StorageError } from '@millrace/log-core'
import type { WaitEntry } from './delayed-fetch.ts'

/** Which partition of which topic. */
export interface PartitionName {
  readonly topic: string
  readonly topicId: string
  readonly index: number
}

/**
 * One partition as this broker serves it: its log, or why it has none, and the fetches that wait for it.
 */
export class Partition implements PartitionName {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  /** Parked fetches that read from here. Kept by DelayedFetches. */
  readonly waiting = new Set<WaitEntry>()
  readonly #log: PartitionLog | null
  readonly #failure: StorageError | null

  /** `log` is a StorageError where the partition's files cannot be trusted or read: it is then refused, and told why. */
  constructor({ topic, topicId, index }: PartitionName, log: PartitionLog | StorageError) {
    this.topic = topic
    this.topicId = topicId
    this.index = index
    this.#log = log instanceof Error ? null : log
    this.#failure = log instanceof Error ? log : null
  }

  /** The log, also when it has gone offline; null when it could not be opened. */
  get log(): PartitionLog | null {
    return this.#log
  }

  /** The log while it can be read and written. */
  get onlineLog(): PartitionLog | null {
    const log = this.#log
    return log !== null && log.state === 'online' ? log : null
  }

  /** Why there is no online log. */
  get failure(): StorageError | null {
    return this.#failure ?? this.#log?.error ?? null
  }

  /** Bytes from `offset` up to the high watermark; 0 when nothing can be read. No disk access. */
  readableBytes(offset: number): number {
    const log = this.onlineLog
    if (log === null || offset >= log.highWatermark) return 0
    return log.readableBytes(offset)
  }
}
