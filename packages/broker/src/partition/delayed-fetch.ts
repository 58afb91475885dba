import type { Clock } from '@millrace/log-core'
import { DeadlineQueue, type Waiter } from './deadline-queue.ts'
import type { Partition } from './partition.ts'

/** One partition that a parked fetch waits for. */
export interface AwaitedPartition {
  readonly partition: Partition
  /** Where the fetch reads from. */
  readonly offset: number
  /** What could be read from there when the fetch was parked. */
  readonly readableBytes: number
}

/** Why a parked fetch runs again. */
export type WakeReason = 'data' | 'deadline' | 'closing'

/** What is to be waited for, and for how long. */
export interface ParkRequest {
  /** A connection parks one fetch at a time; with it goes what it parked. */
  readonly connectionId: number
  readonly awaited: readonly AwaitedPartition[]
  readonly missingBytes: number
  readonly maxWaitMs: number
}

/** A fetch that found too little, parked until there is more. */
interface ParkedFetch extends Waiter {
  readonly connectionId: number
  readonly entries: WaitEntry[]
  missingBytes: number
  resolve(reason: WakeReason): void
}

/** One parked fetch in the list of one partition. */
export interface WaitEntry {
  readonly fetch: ParkedFetch
  readonly partition: Partition
  readonly offset: number
  readableBytes: number
}

/**
 * Fetches that wait for bytes. A partition whose high watermark moves counts what is new for the
 * fetches parked on it, and for no others; one that has its minimum is woken and runs again from the
 * start. All deadlines share one timer.
 */
export class DelayedFetches {
  readonly #clock: Clock
  readonly #deadlines: DeadlineQueue<ParkedFetch>
  readonly #byConnection = new Map<number, ParkedFetch>()
  #isClosing = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#deadlines = new DeadlineQueue(clock, (fetch) => this.#wake(fetch, 'deadline'))
  }

  /** How many fetches are parked. */
  get size(): number {
    return this.#deadlines.size
  }

  /**
   * Parks until `missingBytes` more can be read from the partitions, or for `maxWaitMs`. Never
   * rejects; the caller runs the fetch again, whatever the reason.
   */
  park({ connectionId, awaited, missingBytes, maxWaitMs }: ParkRequest): Promise<WakeReason> {
    if (this.#isClosing) return Promise.resolve('closing')
    return new Promise((resolve) => {
      const deadlineMs = this.#clock.monotonicMs() + maxWaitMs
      const fetch: ParkedFetch = {
        connectionId,
        deadlineMs,
        queueIndex: -1,
        entries: [],
        missingBytes,
        resolve,
      }
      for (const { partition, offset, readableBytes } of awaited) {
        const entry: WaitEntry = { fetch, partition, offset, readableBytes }
        fetch.entries.push(entry)
        partition.waiting.add(entry)
      }
      this.#byConnection.set(connectionId, fetch)
      this.#deadlines.add(fetch)
    })
  }

  /** The partition's high watermark moved: fetches parked on it may have their minimum now. */
  notify(partition: Partition): void {
    if (partition.waiting.size === 0) return
    for (const entry of partition.waiting) {
      const readableBytes = partition.readableBytes(entry.offset)
      entry.fetch.missingBytes -= readableBytes - entry.readableBytes
      entry.readableBytes = readableBytes
      if (entry.fetch.missingBytes <= 0) this.#wake(entry.fetch, 'data')
    }
  }

  /** The partition is going away, or its log start moved: whatever waits for it must look again. */
  wakeAll(partition: Partition): void {
    for (const entry of partition.waiting) this.#wake(entry.fetch, 'data')
  }

  /** The connection is gone: nothing is kept for it, however long it wanted to wait. */
  cancel(connectionId: number): void {
    const fetch = this.#byConnection.get(connectionId)
    if (fetch !== undefined) this.#wake(fetch, 'closing')
  }

  /** Answers every parked fetch with what there is, and parks no more. */
  close(): void {
    this.#isClosing = true
    for (const fetch of this.#deadlines.removeAll()) this.#wake(fetch, 'closing')
  }

  #wake(fetch: ParkedFetch, reason: WakeReason): void {
    this.#deadlines.remove(fetch)
    this.#byConnection.delete(fetch.connectionId)
    for (const entry of fetch.entries) entry.partition.waiting.delete(entry)
    fetch.resolve(reason)
  }
}
