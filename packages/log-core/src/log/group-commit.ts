import { strict as assert } from 'node:assert'
import { StorageError } from '../fs/storage-error.ts'
import type { LogConfig, LogLimits } from '../log-config.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { AppendQueue, type QueuedBatch } from './append-queue.ts'
import type { CommitListener, SyncedEnd } from './commit-listener.ts'
import { createDeferred } from './deferred.ts'
import { isDiskFull } from './disk-full.ts'
import type { EpochCheckpoint } from './epoch-checkpoint.ts'
import type { HighWatermark } from './high-watermark.ts'
import type { ProducerStates } from './producer-state.ts'
import type { SegmentList } from './segment-list.ts'
import { type SyncInFlight, UnsyncedBytes } from './unsynced-bytes.ts'

const LARGEST_TIMER_MS = 0x7fff_ffff
const DONE = Promise.resolve()

/**
 * The single writer of a log. All appends of one turn of the event loop go out in one `writev`; whoever must be synced
 * waits for a `fdatasync` that began after that. One sync is in flight at a time, so what is written meanwhile shares
 * the next one, which begins at the end of the turn in which this one ended. After LevelDB's group commit, without its locks.
 *
 * Appends queue behind a roll and behind the window W of unsynced bytes.
 */
export class GroupCommit {
  readonly queue: AppendQueue
  readonly #segments: SegmentList
  readonly #producers: ProducerStates
  readonly #checkpoint: EpochCheckpoint
  readonly #highWatermark: HighWatermark
  readonly #clock: Clock
  readonly #limits: LogLimits
  readonly #listener: CommitListener
  readonly #unsynced: UnsyncedBytes
  #config: LogConfig
  #isTurnScheduled = false
  #rolling: Promise<void> | null = null
  /** Sealing began and failed half way, or was asked for: this segment may not grow any more. */
  #mustRoll = false
  /** The epoch of the first batch is written down. */
  #preparing: Promise<void> | null = null
  #flushTimer: Timer | null = null
  #failure: StorageError | null = null
  #isClosed = false

  constructor(
    parts: {
      segments: SegmentList
      producers: ProducerStates
      checkpoint: EpochCheckpoint
      highWatermark: HighWatermark
      clock: Clock
      limits: LogLimits
      config: LogConfig
      isSizeUncertain: boolean
    },
    syncedEnd: SyncedEnd,
    listener: CommitListener,
  ) {
    this.queue = new AppendQueue(parts.limits.maxQueuedBytes)
    this.#segments = parts.segments
    this.#producers = parts.producers
    this.#checkpoint = parts.checkpoint
    this.#highWatermark = parts.highWatermark
    this.#clock = parts.clock
    this.#limits = parts.limits
    this.#config = parts.config
    this.#unsynced = new UnsyncedBytes(syncedEnd, parts.isSizeUncertain)
    this.#listener = listener
  }

  get syncedEnd(): SyncedEnd {
    return this.#unsynced.syncedEnd
  }

  get lastSyncAtMs(): number | null {
    return this.#unsynced.lastSyncAtMs
  }

  get unsyncedBytes(): number {
    return this.#unsynced.bytes
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
  }

  /** Queues a batch that follows the last one, and says when it is as durable as it must be. */
  append(batch: QueuedBatch): Promise<void> {
    assert(this.#failure === null && !this.#isClosed, 'appended to a log that is offline')
    const committed = this.queue.add(batch)
    this.#scheduleTurn()
    return committed
  }

  /** When a batch that was appended earlier is as durable as is asked for. */
  whenDurable(lastOffset: number, mustSync: boolean): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (lastOffset >= this.#highWatermark.writtenEnd)
      return this.queue.whenAll(mustSync ? 'synced' : 'written')
    const { syncedEnd, inFlight } = this.#unsynced
    if (!mustSync || lastOffset < syncedEnd.nextOffset) return DONE
    if (inFlight !== null && lastOffset < inFlight.end.nextOffset) return inFlight.done.promise
    return this.#joinNextSync()
  }

  /** Resolves when everything appended so far is on stable storage. */
  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (!this.queue.isEmpty) return this.queue.whenAll('synced')
    const { inFlight, isTruncated } = this.#unsynced
    if (isTruncated) return inFlight?.isFull ? inFlight.done.promise : this.#joinNextSync()
    return this.whenDurable(this.#highWatermark.writtenEnd - 1, true)
  }

  /** Writes and syncs what is queued, then accepts nothing more. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    try {
      if (this.#failure === null) await this.flush()
      await this.settled()
    } finally {
      this.#isClosed = true
      this.#flushTimer?.cancel()
    }
  }

  /** Waits until no sync and no roll is on its way, whatever comes of them. */
  async settled(): Promise<void> {
    while (this.#rolling !== null || this.#unsynced.inFlight !== null) {
      await (this.#rolling ?? this.#unsynced.settled())
    }
  }

  /** Begins the next segment now, behind everything that is written. Does nothing to an empty segment. */
  async roll(): Promise<void> {
    if (this.#rolling !== null) await this.#rolling
    this.#throwIfFailed()
    if (this.#segments.active.segment.sizeBytes === 0) return
    this.#mustRoll = true
    await this.#startRoll()
    this.#throwIfFailed()
  }

  /** Ends all appending: the files are not what this process believes. */
  fail(error: StorageError): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#flushTimer?.cancel()
    const refused = this.queue.takeAll()
    const waiting = this.#unsynced.takeWaiters()
    this.#listener.failed(error)
    refused.reject(error)
    for (const waiter of waiting) waiter.reject(error)
    this.queue.tellRoom()
  }

  #joinNextSync(): Promise<void> {
    const deferred = createDeferred()
    this.#unsynced.addWaiter(deferred)
    this.#scheduleTurn()
    return deferred.promise
  }

  #scheduleTurn(): void {
    if (this.#isTurnScheduled) return
    this.#isTurnScheduled = true
    this.#clock.endOfTurn(() => {
      this.#isTurnScheduled = false
      if (!this.#isClosed) this.#writeQueue()
    })
  }

  /** Writes as much of the queue as may be written, then starts a sync when somebody needs one. */
  #writeQueue(): void {
    if (this.#rolling !== null || this.#preparing !== null || this.#failure !== null) return
    if (!this.#checkpoint.isWritten && !this.queue.isEmpty) {
      this.#prepare()
      return
    }
    const nowMs = this.#clock.nowMs()
    while (!this.queue.isEmpty) {
      const batches = this.#writableBatches(nowMs)
      if (batches.length === 0) break
      if (!this.#write(batches)) return
      const waiting = this.queue.written(batches)
      if (waiting !== null) this.#unsynced.addWaiter(waiting)
    }
    if (this.#highWatermark.advance()) this.#listener.committed()
    this.queue.tellRoom()
    const { next } = this.queue
    if (next !== undefined && this.#isRollNeededFor(next, nowMs)) void this.#startRoll()
    else this.#syncIfNeeded()
  }

  /** No batch is written under an epoch that is not durable. */
  #prepare(): void {
    this.#preparing = this.#checkpoint
      .write()
      .catch((error: unknown) => {
        const { path } = this.#segments.active.file
        this.#refuseOrFail(StorageError.from(error, path, 'write the leader epochs'))
      })
      .finally(() => {
        this.#preparing = null
        if (!this.#isClosed) this.#writeQueue()
      })
  }

  /** The next batches that fit into the active segment and into the window of unsynced bytes. */
  #writableBatches(nowMs: number): readonly QueuedBatch[] {
    const { next } = this.queue
    if (next === undefined || this.#unsynced.isTruncated || this.#isRollNeededFor(next, nowMs)) return []
    let unsyncedBytes = this.#unsynced.bytes
    let segmentBytes = this.#segments.active.segment.sizeBytes
    return this.queue.peek(({ sizeBytes }) => {
      unsyncedBytes += sizeBytes
      segmentBytes += sizeBytes
      const isFirst = unsyncedBytes === sizeBytes && segmentBytes === sizeBytes
      const fitsWindow = unsyncedBytes === sizeBytes || unsyncedBytes <= this.#limits.writeAheadWindowBytes
      const fitsSegment = segmentBytes === sizeBytes || segmentBytes <= this.#config.segmentBytes
      return isFirst || (fitsWindow && fitsSegment)
    })
  }

  /** Asks the indexes of the segment, and those of one that a clean stop left are read then: that may fail. */
  #isRollNeededFor(batch: QueuedBatch, nowMs: number): boolean {
    try {
      return this.#mustRoll || this.#segments.active.isFullFor(batch, this.#config, nowMs)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#refuseOrFail(error)
      return true
    }
  }

  /** False when the disk refused. */
  #write(batches: readonly QueuedBatch[]): boolean {
    const { active } = this.#segments
    try {
      active.append(batches, this.#config)
    } catch (error) {
      this.#writeFailed(StorageError.from(error, active.file.path, 'append'))
      return false
    }
    let firstToSync = Number.POSITIVE_INFINITY
    let sizeBytes = 0
    for (const batch of batches) {
      sizeBytes += batch.sizeBytes
      if (batch.mustSync && batch.baseOffset < firstToSync) firstToSync = batch.baseOffset
    }
    this.#unsynced.wrote(sizeBytes, active.nextOffset - this.#highWatermark.writtenEnd)
    this.#highWatermark.written(active.nextOffset, firstToSync)
    return true
  }

  #startRoll(): Promise<void> {
    this.#rolling ??= this.#rollWhenSynced().finally(() => {
      this.#rolling = null
      this.#writeQueue()
    })
    return this.#rolling
  }

  /** Seals the segment when all of it is synced. Never rejects: a failure is the log's, and it is told. */
  async #rollWhenSynced(): Promise<void> {
    try {
      const unsynced = this.#unsynced
      const mustSync = () => unsynced.inFlight !== null || unsynced.isAnything || unsynced.isSizeUncertain
      while (this.#failure === null && mustSync()) {
        if (unsynced.inFlight === null) this.#startSync()
        await unsynced.settled()
      }
      if (this.#failure !== null) return
      await this.#segments.roll(this.#producers, this.#clock.nowMs())
      this.#mustRoll = false
      const { active } = this.#segments
      const { segment, nextOffset } = active
      unsynced.syncedEnd = { segmentBaseOffset: segment.baseOffset, position: 0, nextOffset }
      this.#listener.synced(unsynced.syncedEnd)
    } catch (error) {
      this.#mustRoll = true
      const { path } = this.#segments.active.file
      this.#refuseOrFail(StorageError.from(error, path, 'begin the next segment'))
    }
  }

  #syncIfNeeded(): void {
    const { inFlight, isAnything, bytes, records, isWaitedFor } = this.#unsynced
    if (inFlight !== null || !isAnything) return
    const isWindowFilling = bytes * 4 >= this.#limits.writeAheadWindowBytes
    const isOverdue = records >= this.#config.flushMessages
    if (isWaitedFor || !this.queue.isEmpty || isWindowFilling || isOverdue) this.#startSync()
    else this.#armFlushTimer()
  }

  #armFlushTimer(): void {
    if (this.#config.flushMs > LARGEST_TIMER_MS || this.#flushTimer !== null) return
    this.#flushTimer = this.#clock.after(this.#config.flushMs, () => {
      this.#flushTimer = null
      const { inFlight, bytes } = this.#unsynced
      const canSync = this.#failure === null && !this.#isClosed && inFlight === null && this.#rolling === null
      if (canSync && bytes > 0) this.#startSync()
    })
  }

  #startSync(): void {
    const { segment, file, nextOffset } = this.#segments.active
    const end = { segmentBaseOffset: segment.baseOffset, position: segment.sizeBytes, nextOffset }
    const sync = this.#unsynced.begin(end)
    this.#highWatermark.syncStarted()
    const isDone = sync.isFull ? file.fullSync() : file.sync()
    isDone.then(
      () => this.#syncDone(sync),
      (error: unknown) => this.#syncFailed(sync, StorageError.from(error, file.path, 'sync')),
    )
  }

  #syncDone(sync: SyncInFlight): void {
    this.#unsynced.ended(sync, this.#clock.nowMs())
    this.#highWatermark.synced()
    this.#listener.synced(sync.end)
    const hasMoved = this.#highWatermark.advance()
    for (const waiter of sync.waiting) waiter.resolve()
    sync.done.resolve()
    if (hasMoved) this.#listener.committed()
    // At the end of the turn: what arrives in it shares the next sync, and what this one held back is written then.
    this.#scheduleTurn()
  }

  /**
   * A failed sync is never retried: the kernel marks the pages clean all the same, so a second one would report
   * success for bytes that never reached the disk (ATC'20, "Can Applications Recover from fsync Failures?").
   */
  #syncFailed(sync: SyncInFlight, error: StorageError): void {
    this.#unsynced.failed(sync)
    this.fail(error)
    sync.done.reject(error)
  }

  #writeFailed(error: StorageError): void {
    const { active } = this.#segments
    try {
      active.file.truncateSync(active.segment.sizeBytes)
      this.#unsynced.isTruncated = true
    } catch (truncateError) {
      this.fail(StorageError.from(truncateError, active.file.path, 'take a partial write back'))
      return
    }
    this.#refuseOrFail(error)
  }

  /** A full disk is no damage: the file ends with a whole batch, reads go on, and appends may work again later. */
  #refuseOrFail(error: StorageError): void {
    if (!isDiskFull(error)) {
      this.fail(error)
      return
    }
    const refused = this.queue.takeAll()
    this.#listener.refused(this.#highWatermark.writtenEnd, error)
    refused.reject(error)
    if (this.#highWatermark.advance()) this.#listener.committed()
    this.queue.tellRoom()
    if (this.#rolling === null) this.#syncIfNeeded()
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure
  }
}
