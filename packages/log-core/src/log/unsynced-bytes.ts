import { strict as assert } from 'node:assert'
import type { SyncedEnd } from './commit-listener.ts'
import { createDeferred, type Deferred } from './deferred.ts'

/** A sync that is on its way, and what it will have covered. */
export interface SyncInFlight {
  readonly end: SyncedEnd
  readonly bytes: number
  readonly records: number
  readonly waiting: readonly Deferred[]
  /** fsync: covers a truncate as well. */
  readonly isFull: boolean
  readonly done: Deferred
}

/**
 * What of a log is written and not known to be on stable storage, and who waits for it. One sync is in flight at a
 * time; what comes after its beginning waits for the next one.
 */
export class UnsyncedBytes {
  /** Everything before it is on stable storage. */
  syncedEnd: SyncedEnd
  /** Wall-clock time; null before the first sync. */
  lastSyncAtMs: number | null = null
  /** A partial write was cut off, and until a full sync the old size could come back in a crash. */
  isTruncated = false
  /** An attempt to open the log may have cut the file and failed to sync that: the next sync is a full one. */
  isSizeUncertain: boolean
  #bytes = 0
  #records = 0
  #waiting: Deferred[] = []
  #inFlight: SyncInFlight | null = null

  constructor(syncedEnd: SyncedEnd, isSizeUncertain: boolean) {
    this.syncedEnd = syncedEnd
    this.isSizeUncertain = isSizeUncertain
  }

  /** Not covered by a sync that has ended. */
  get bytes(): number {
    return this.#bytes
  }

  get records(): number {
    return this.#records
  }

  get isAnything(): boolean {
    return this.#bytes > 0 || this.isTruncated
  }

  get isWaitedFor(): boolean {
    return this.#waiting.length > 0
  }

  get inFlight(): SyncInFlight | null {
    return this.#inFlight
  }

  wrote(bytes: number, records: number): void {
    this.#bytes += bytes
    this.#records += records
  }

  /** Resolved by the next sync that begins. */
  addWaiter(deferred: Deferred): void {
    this.#waiting.push(deferred)
  }

  /** Who waits for a sync that will not come. */
  takeWaiters(): Deferred[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  begin(end: SyncedEnd): SyncInFlight {
    assert(this.#inFlight === null, 'one sync at a time')
    const isFull = this.isTruncated || this.isSizeUncertain
    const covered = { bytes: this.#bytes, records: this.#records, waiting: this.takeWaiters() }
    this.#inFlight = { end, ...covered, isFull, done: createDeferred() }
    return this.#inFlight
  }

  ended(sync: SyncInFlight, nowMs: number): void {
    this.#inFlight = null
    if (sync.isFull) {
      this.isTruncated = false
      this.isSizeUncertain = false
    }
    this.#bytes -= sync.bytes
    this.#records -= sync.records
    this.syncedEnd = sync.end
    this.lastSyncAtMs = nowMs
  }

  /** Its waiters wait again, for whoever tells them. */
  failed(sync: SyncInFlight): void {
    this.#inFlight = null
    this.#waiting.push(...sync.waiting)
  }

  /** Waits for the sync in flight, whatever comes of it. */
  async settled(): Promise<void> {
    await this.#inFlight?.done.promise.catch(() => {})
  }
}
