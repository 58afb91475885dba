import { strict as assert } from 'node:assert'
import { StorageError } from '../fs/storage-error.ts'
import { type LogConfig, type LogLimits, NO_LIMIT } from '../log-config.ts'
import type { SegmentBatch } from '../segment/segment-writer.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { createDeferred, type Deferred } from './deferred.ts'
import type { HighWatermark } from './high-watermark.ts'
import type { SegmentList } from './segment-list.ts'

/** A stamped batch on its way to the disk. */
export interface QueuedBatch extends SegmentBatch {
  /** acks=all, transactional, control: neither acknowledged nor visible before it is synced. */
  readonly mustSync: boolean
}

/** How far the log is on stable storage. */
export interface SyncedEnd {
  readonly segmentBaseOffset: number
  readonly position: number
  readonly nextOffset: number
}

/** What the log does when its writer has something to tell. Never called from within `append`. */
export interface CommitListener {
  /** The high watermark moved: once for each group. */
  committed(): void
  synced(end: SyncedEnd): void
  /** The disk was full: everything from this offset on was taken back, the file ends with a whole batch. */
  refused(fromOffset: number): void
  /** Nothing can be appended until the log has been opened again from disk. */
  failed(error: StorageError): void
}

/** The batches of one turn of the event loop, and who waits for them. */
interface AppendGroup {
  readonly batches: QueuedBatch[]
  writtenCount: number
  written: Deferred | null
  synced: Deferred | null
}

const LARGEST_TIMER_MS = 0x7fff_ffff
const DONE = Promise.resolve()

/**
 * The single writer of a log. All appends of one turn of the event loop go out in one `writev`; whoever must be synced
 * waits for a `fdatasync` that began after that. One sync is in flight at a time, so what is written meanwhile shares
 * the next one. After LevelDB's group commit, without its locks.
 *
 * Appends queue behind a roll and behind the window W of unsynced bytes; `isRoomFor` bounds that queue.
 */
export class GroupCommit {
  readonly #segments: SegmentList
  readonly #highWatermark: HighWatermark
  readonly #clock: Clock
  readonly #limits: LogLimits
  readonly #listener: CommitListener
  #config: LogConfig
  #queue: AppendGroup[] = []
  #queuedBytes = 0
  #waitingForRoom: Deferred | null = null
  #isTurnScheduled = false
  #isRolling = false
  /** Sealing began and failed half way: this segment may not grow any more. */
  #mustRoll = false
  /** Written and not covered by a sync that has ended. */
  #unsyncedBytes = 0
  #unsyncedRecords = 0
  #syncedEnd: SyncedEnd
  #awaitingSync: Deferred[] = []
  #syncInFlight: { readonly end: SyncedEnd; readonly done: Deferred } | null = null
  /** A size that shrank is metadata, which fdatasync leaves out. */
  #wasTruncated = false
  #flushTimer: Timer | null = null
  #failure: StorageError | null = null
  #isClosed = false

  constructor(
    parts: {
      segments: SegmentList
      highWatermark: HighWatermark
      clock: Clock
      limits: LogLimits
      config: LogConfig
    },
    syncedEnd: SyncedEnd,
    listener: CommitListener,
  ) {
    this.#segments = parts.segments
    this.#highWatermark = parts.highWatermark
    this.#clock = parts.clock
    this.#limits = parts.limits
    this.#config = parts.config
    this.#syncedEnd = syncedEnd
    this.#listener = listener
  }

  get syncedEnd(): SyncedEnd {
    return this.#syncedEnd
  }

  get unsyncedBytes(): number {
    return this.#unsyncedBytes
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#syncInFlight === null && !this.#isRolling
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
  }

  /** Whether a batch may be queued. The first one always may: it could be larger than the bound. */
  isRoomFor(sizeBytes: number): boolean {
    return this.#queuedBytes === 0 || this.#queuedBytes + sizeBytes <= this.#limits.maxQueuedBytes
  }

  /** Resolves once the queue is at most half full. */
  whenRoom(): Promise<void> {
    if (this.#failure !== null || this.#queuedBytes * 2 <= this.#limits.maxQueuedBytes) return DONE
    this.#waitingForRoom ??= createDeferred()
    return this.#waitingForRoom.promise
  }

  /** Queues a batch that follows the last one, and says when it is as durable as it must be. */
  append(batch: QueuedBatch): Promise<void> {
    assert(this.#failure === null && !this.#isClosed, 'appended to a log that is offline')
    const group = this.#openGroup()
    group.batches.push(batch)
    this.#queuedBytes += batch.sizeBytes
    this.#scheduleTurn()
    return batch.mustSync ? promiseIn(group, 'synced') : promiseIn(group, 'written')
  }

  /** When a batch that was appended earlier is as durable as is asked for. */
  whenDurable(lastOffset: number, mustSync: boolean): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (lastOffset >= this.#highWatermark.writtenEnd) {
      return promiseIn(this.#openGroup(), mustSync ? 'synced' : 'written')
    }
    if (!mustSync || lastOffset < this.#syncedEnd.nextOffset) return DONE
    if (this.#syncInFlight !== null && lastOffset < this.#syncInFlight.end.nextOffset) {
      return this.#syncInFlight.done.promise
    }
    return this.#joinNextSync()
  }

  /** Resolves when everything appended so far is on stable storage. */
  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    const newest = this.#queue.at(-1)
    if (newest !== undefined) return promiseIn(newest, 'synced')
    return this.whenDurable(this.#highWatermark.writtenEnd - 1, true)
  }

  /** Writes and syncs what is queued, then accepts nothing more. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    try {
      if (this.#failure === null) await this.flush()
      while (this.#isRolling || this.#syncInFlight !== null) await this.#settled()
    } finally {
      this.#isClosed = true
      this.#flushTimer?.cancel()
    }
  }

  /** Begins the next segment now, behind everything appended so far. */
  async rollNow(): Promise<void> {
    await this.flush()
    while (this.#isRolling) await this.#settled()
    if (this.#segments.active.segment.sizeBytes === 0) return
    this.#mustRoll = true
    await this.#roll()
    if (this.#failure !== null) throw this.#failure
  }

  #openGroup(): AppendGroup {
    const newest = this.#queue.at(-1)
    if (newest !== undefined && newest.writtenCount === 0) return newest
    const group: AppendGroup = { batches: [], writtenCount: 0, written: null, synced: null }
    this.#queue.push(group)
    return group
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
    if (this.#isRolling || this.#failure !== null) return
    const nowMs = this.#clock.nowMs()
    for (let group = this.#queue[0]; group !== undefined; group = this.#queue[0]) {
      const batches = this.#writableBatches(group, nowMs)
      if (batches.length > 0 && !this.#writeBatches(batches)) return
      group.writtenCount += batches.length
      if (group.writtenCount < group.batches.length) {
        this.#unblock(group, nowMs)
        break
      }
      this.#queue.shift()
      group.written?.resolve()
      if (group.synced !== null) this.#awaitingSync.push(group.synced)
    }
    if (this.#highWatermark.advance()) this.#listener.committed()
    this.#tellRoom()
    this.#syncIfNeeded()
  }

  /** The next batches of the group that fit into the active segment and into the window of unsynced bytes. */
  #writableBatches(group: AppendGroup, nowMs: number): QueuedBatch[] {
    const first = group.batches[group.writtenCount]
    if (first === undefined || this.#isRollNeededFor(first, nowMs)) return []
    let unsyncedBytes = this.#unsyncedBytes
    let segmentBytes = this.#segments.active.segment.sizeBytes
    let end = group.writtenCount
    for (; end < group.batches.length; end++) {
      const { sizeBytes } = group.batches[end] ?? first
      if (unsyncedBytes > 0 && unsyncedBytes + sizeBytes > this.#limits.writeAheadWindowBytes) break
      if (segmentBytes > 0 && segmentBytes + sizeBytes > this.#config.segmentBytes) break
      unsyncedBytes += sizeBytes
      segmentBytes += sizeBytes
    }
    return group.writtenCount === 0 && end === group.batches.length
      ? group.batches
      : group.batches.slice(group.writtenCount, end)
  }

  #isRollNeededFor(batch: QueuedBatch, nowMs: number): boolean {
    return this.#mustRoll || this.#segments.active.isFullFor(batch, this.#config, nowMs)
  }

  /** False when the disk refused. */
  #writeBatches(batches: readonly QueuedBatch[]): boolean {
    const { active } = this.#segments
    try {
      active.append(batches, this.#config)
    } catch (error) {
      this.#writeFailed(StorageError.from(error, active.file.path, 'append'))
      return false
    }
    let sizeBytes = 0
    let firstToSync = Number.POSITIVE_INFINITY
    for (const batch of batches) {
      sizeBytes += batch.sizeBytes
      if (batch.mustSync && batch.baseOffset < firstToSync) firstToSync = batch.baseOffset
    }
    this.#unsyncedRecords += active.nextOffset - this.#highWatermark.writtenEnd
    this.#unsyncedBytes += sizeBytes
    this.#queuedBytes -= sizeBytes
    this.#highWatermark.written(active.nextOffset, firstToSync)
    return true
  }

  /** The group's next batch has to wait: for the next segment, or for unsynced bytes to become synced ones. */
  #unblock(group: AppendGroup, nowMs: number): void {
    const next = group.batches[group.writtenCount]
    if (next !== undefined && this.#isRollNeededFor(next, nowMs)) void this.#roll()
    else if (this.#syncInFlight === null) this.#startSync()
  }

  /** Seals the segment when all of it is synced. Never rejects: a failure is the log's, and it is told. */
  async #roll(): Promise<void> {
    this.#isRolling = true
    try {
      while (this.#failure === null && (this.#syncInFlight !== null || this.#unsyncedBytes > 0)) {
        if (this.#syncInFlight === null) this.#startSync()
        await this.#syncSettled()
      }
      if (this.#failure === null) await this.#segments.roll(this.#clock.nowMs())
      this.#mustRoll = false
    } catch (error) {
      this.#mustRoll = true
      const { active } = this.#segments
      this.#refuseOrFail(StorageError.from(error, active.file.path, 'begin the next segment'))
    }
    this.#isRolling = false
    this.#noteRolled()
    this.#writeQueue()
  }

  #noteRolled(): void {
    const { active } = this.#segments
    if (this.#failure !== null || active.segment.sizeBytes > 0) return
    const end = { segmentBaseOffset: active.segment.baseOffset, position: 0, nextOffset: active.nextOffset }
    this.#syncedEnd = end
    this.#listener.synced(end)
  }

  #syncIfNeeded(): void {
    if (this.#syncInFlight !== null || this.#unsyncedBytes === 0) return
    const isWindowFilling = this.#unsyncedBytes * 4 >= this.#limits.writeAheadWindowBytes
    const isOverdue = this.#unsyncedRecords >= this.#config.flushMessages
    if (this.#awaitingSync.length > 0 || isWindowFilling || isOverdue) this.#startSync()
    else this.#armFlushTimer()
  }

  #armFlushTimer(): void {
    if (this.#config.flushMs >= Math.min(NO_LIMIT, LARGEST_TIMER_MS) || this.#flushTimer !== null) return
    this.#flushTimer = this.#clock.after(this.#config.flushMs, () => {
      this.#flushTimer = null
      const canSync = this.#failure === null && !this.#isClosed
      if (canSync && this.#syncInFlight === null && this.#unsyncedBytes > 0) this.#startSync()
    })
  }

  #joinNextSync(): Promise<void> {
    const deferred = createDeferred()
    this.#awaitingSync.push(deferred)
    this.#scheduleTurn()
    return deferred.promise
  }

  #startSync(): void {
    assert(this.#syncInFlight === null, 'one sync at a time')
    const { active } = this.#segments
    const covered = {
      waiting: this.#awaitingSync,
      bytes: this.#unsyncedBytes,
      records: this.#unsyncedRecords,
    }
    const end: SyncedEnd = {
      segmentBaseOffset: active.segment.baseOffset,
      position: active.segment.sizeBytes,
      nextOffset: active.nextOffset,
    }
    this.#awaitingSync = []
    this.#syncInFlight = { end, done: createDeferred() }
    this.#highWatermark.syncStarted()
    const sync = this.#wasTruncated ? active.file.fullSync() : active.file.sync()
    this.#wasTruncated = false
    sync.then(
      () => this.#syncDone(end, covered),
      (error: unknown) =>
        this.#syncFailed(StorageError.from(error, active.file.path, 'sync'), covered.waiting),
    )
  }

  #syncDone(end: SyncedEnd, covered: { waiting: Deferred[]; bytes: number; records: number }): void {
    const done = this.#syncInFlight?.done
    this.#syncInFlight = null
    this.#unsyncedBytes -= covered.bytes
    this.#unsyncedRecords -= covered.records
    this.#syncedEnd = end
    this.#highWatermark.synced()
    this.#listener.synced(end)
    const hasMoved = this.#highWatermark.advance()
    for (const waiter of covered.waiting) waiter.resolve()
    done?.resolve()
    if (hasMoved) this.#listener.committed()
    if (this.#queue.length > 0 && !this.#isTurnScheduled) this.#writeQueue()
    else this.#syncIfNeeded()
  }

  /**
   * A failed sync is never retried: the kernel marks the pages clean all the same, so a second one would report
   * success for bytes that never reached the disk (ATC'20, "Can Applications Recover from fsync Failures?").
   */
  #syncFailed(error: StorageError, waiting: readonly Deferred[]): void {
    const done = this.#syncInFlight?.done
    this.#syncInFlight = null
    this.#awaitingSync.push(...waiting)
    this.#fail(error)
    done?.reject(error)
  }

  #writeFailed(error: StorageError): void {
    const { active } = this.#segments
    try {
      if (active.file.sizeBytes !== active.segment.sizeBytes || isDiskFull(error)) {
        active.file.truncateSync(active.segment.sizeBytes)
        this.#wasTruncated = true
      }
    } catch (truncateError) {
      this.#fail(StorageError.from(truncateError, active.file.path, 'take a partial write back'))
      return
    }
    this.#refuseOrFail(error)
  }

  /** A full disk is no damage: the file ends with a whole batch, reads go on, and appends may work again later. */
  #refuseOrFail(error: StorageError): void {
    if (!isDiskFull(error)) {
      this.#fail(error)
      return
    }
    const refused = this.#takeQueue()
    this.#listener.refused(this.#highWatermark.writtenEnd)
    rejectGroups(refused, error)
    if (this.#highWatermark.advance()) this.#listener.committed()
    this.#tellRoom()
    this.#syncIfNeeded()
  }

  #fail(error: StorageError): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#flushTimer?.cancel()
    const refused = this.#takeQueue()
    const waiting = this.#awaitingSync
    this.#awaitingSync = []
    this.#listener.failed(error)
    rejectGroups(refused, error)
    for (const waiter of waiting) waiter.reject(error)
    this.#tellRoom()
  }

  #takeQueue(): AppendGroup[] {
    const queue = this.#queue
    this.#queue = []
    this.#queuedBytes = 0
    return queue
  }

  #tellRoom(): void {
    if (this.#waitingForRoom === null || this.#queuedBytes * 2 > this.#limits.maxQueuedBytes) return
    const waiting = this.#waitingForRoom
    this.#waitingForRoom = null
    waiting.resolve()
  }

  /** Waits for the sync in flight, whatever comes of it. */
  async #syncSettled(): Promise<void> {
    await this.#syncInFlight?.done.promise.catch(() => {})
  }

  async #settled(): Promise<void> {
    if (this.#syncInFlight !== null) return this.#syncSettled()
    return new Promise((resolve) => this.#clock.endOfTurn(resolve))
  }
}

function promiseIn(group: AppendGroup, kind: 'written' | 'synced'): Promise<void> {
  const deferred = group[kind] ?? createDeferred()
  group[kind] = deferred
  return deferred.promise
}

function rejectGroups(groups: readonly AppendGroup[], error: StorageError): void {
  for (const group of groups) {
    group.written?.reject(error)
    group.synced?.reject(error)
  }
}

function isDiskFull(error: StorageError): boolean {
  return error.code === 'ENOSPC' || error.code === 'EDQUOT'
}
