import { strict as assert } from 'node:assert'
import { type BatchHeader, setLogAppendTime, stampBatch } from '@millrace/record-batch'
import type { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import { SegmentIndexes } from '../segment/segment-indexes.ts'
import type { AppendOptions, AppendOutcome, AppendRejection } from './append-outcome.ts'
import { GroupCommit, type SyncedEnd } from './group-commit.ts'
import { HighWatermark } from './high-watermark.ts'
import type { LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { type DiskRead, LogReader } from './log-reader.ts'
import { type LogSlice, OffsetOutOfRangeError, type ReadRequest } from './log-slice.ts'
import { LogTrimmer } from './log-trimmer.ts'
import { type LookupRange, OffsetLookup, type TimestampedOffset } from './offset-lookup.ts'
import type { ProducerBatchHeader, ProducerEntry, ProducerStates } from './producer-state.ts'
import type { SegmentList } from './segment-list.ts'
import { TailCache } from './tail-cache.ts'

/** What opening a log found: how it is told apart from creating one is the opener's business. */
export interface OpenedLog {
  readonly segments: SegmentList
  readonly producers: ProducerStates
  readonly epochs: LeaderEpochs
  readonly logStartOffset: number
}

/** After a full disk, the space is looked at again no sooner than this. */
const DISK_FULL_RETRY_MS = 100

/**
 * The log of one partition: appends, reads, and the offsets between which it has something to tell.
 *
 * `logStartOffset <= highWatermark <= logEndOffset` (L2). Everything that assigns an offset happens in `append`, which
 * never waits (P1); everything that touches the disk happens in the group commit and the reader.
 */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly directory: string
  readonly #environment: LogEnvironment
  readonly #segments: SegmentList
  readonly #producers: ProducerStates
  readonly #epochs: LeaderEpochs
  readonly #highWatermark: HighWatermark
  readonly #commit: GroupCommit
  readonly #reader: LogReader
  readonly #tail: TailCache
  readonly #trimmer: LogTrimmer
  readonly #lookup: OffsetLookup
  readonly #listeners = new Set<() => void>()
  #config: LogConfig
  #nextOffset: number
  #error: StorageError | null = null
  #diskFullUntilMs: number | null = null
  #isClosed = false
  #closing: Promise<void> | null = null

  constructor(environment: LogEnvironment, identity: LogIdentity, opened: OpenedLog, config: LogConfig) {
    this.#environment = environment
    this.topic = identity.topic
    this.partition = identity.partition
    this.topicId = identity.topicId
    this.directory = identity.directory
    this.#config = config
    this.#segments = opened.segments
    this.#producers = opened.producers
    this.#epochs = opened.epochs
    const { active } = opened.segments
    this.#nextOffset = active.nextOffset
    this.#highWatermark = new HighWatermark(active.nextOffset)
    this.#tail = new TailCache(environment.tailBudget, environment.limits.tailCacheBytesPerLog)
    const indexes = new SegmentIndexes(environment.fs, environment.cache)
    this.#reader = new LogReader({
      segments: opened.segments,
      indexes,
      cache: environment.cache,
      epochs: opened.epochs,
    })
    const syncedEnd = {
      segmentBaseOffset: active.segment.baseOffset,
      position: active.segment.sizeBytes,
      nextOffset: active.nextOffset,
    }
    const { clock, limits } = environment
    const parts = { segments: opened.segments, highWatermark: this.#highWatermark, clock, limits, config }
    this.#commit = new GroupCommit(parts, syncedEnd, {
      committed: () => this.#tellListeners(),
      synced: (end) => this.#mark(end),
      refused: (fromOffset) => this.#takeBack(fromOffset),
      failed: (error) => this.#goOffline(error),
    })
    this.#lookup = new OffsetLookup({ segments: opened.segments, indexes, reader: this.#reader })
    this.#trimmer = new LogTrimmer(environment, identity, { ...opened, indexes, commit: this.#commit })
  }

  get config(): LogConfig {
    return this.#config
  }

  /** `offline` after a disk error, which `error` names: nothing is appended or read until it is opened again. */
  get state(): 'online' | 'offline' {
    return this.#error === null && !this.#isClosed ? 'online' : 'offline'
  }

  get error(): StorageError | null {
    return this.#error
  }

  get logStartOffset(): number {
    return this.#trimmer.logStartOffset
  }

  get highWatermark(): number {
    return this.#highWatermark.value
  }

  /** The same as the high watermark until there are transactions. */
  get lastStableOffset(): number {
    return this.#highWatermark.value
  }

  /** The next offset to be given, also to batches that are not written yet. */
  get logEndOffset(): number {
    return this.#nextOffset
  }

  get leaderEpoch(): number {
    return this.#epochs.latest
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
    this.#commit.updateConfig(config)
  }

  /**
   * Gives the batch its offsets and queues it for the next write; nothing is waited for (P1).
   *
   * `batch` holds exactly one validated batch, is stamped in place, and belongs to the log from here on.
   */
  append(batch: Buffer, header: BatchHeader, options: AppendOptions): AppendOutcome {
    assert(batch.length === header.sizeBytes, `one batch of ${header.sizeBytes} bytes in ${batch.length}`)
    const refusal = this.#refusalFor(batch.length)
    if (refusal !== null) return refusal
    const isIdempotent = header.producerId >= 0
    if (isIdempotent && options.isFromClient !== false) {
      const check = this.#producers.check(header)
      if (check.kind === 'rejected') return check
      if (check.kind === 'duplicate') return this.#duplicateOutcome(check.batch, options)
    }
    const baseOffset = this.#nextOffset
    const lastOffset = baseOffset + header.lastOffsetDelta
    const logAppendTimeMs = this.#stamp(batch, baseOffset)
    const maxTimestampMs = logAppendTimeMs >= 0 ? logAppendTimeMs : header.maxTimestampMs
    this.#nextOffset = lastOffset + 1
    if (isIdempotent) this.#producers.update(withMaxTimestamp(header, maxTimestampMs), lastOffset)
    const isSyncedTopic = this.#config.flushMessages <= 1
    const committed = this.#commit.append({
      buffer: this.#tail.add(batch, baseOffset, lastOffset),
      sizeBytes: batch.length,
      baseOffset,
      lastOffset,
      maxTimestampMs,
      mustSync:
        options.durability === 'synced' || isSyncedTopic || header.isTransactional || header.isControl,
    })
    return { kind: 'appended', baseOffset, lastOffset, logAppendTimeMs, committed }
  }

  /**
   * Whole batches from the one that contains `offset`. Answers at once when they are still in memory, else from the
   * thread pool. An offset at the limit gives an empty slice.
   *
   * @throws OffsetOutOfRangeError, StorageError (also when offline)
   */
  read(request: ReadRequest): LogSlice | Promise<LogSlice> {
    if (this.#error !== null) throw this.#error
    assert(!this.#isClosed, 'read from a log that is closed')
    const { offset, maxBytes, isFirstBatchWhole } = request
    if (offset < this.logStartOffset || offset > this.#nextOffset) throw this.#outOfRange(offset)
    const endOffset = request.limit === 'log-end' ? this.#highWatermark.writtenEnd : this.#highWatermark.value
    if (offset >= endOffset) return this.#sliceOf([])
    const cached = this.#tail.read({ offset, endOffset, maxBytes, isFirstBatchWhole })
    if (cached !== null) return this.#sliceOf(cached)
    return this.#readFromDisk({ offset, endOffset, maxBytes, isFirstBatchWhole })
  }

  /**
   * How many bytes a read from `offset` up to the high watermark would find, without touching the disk: exact for
   * what is in memory, elsewhere at most an index interval too high. 0 exactly when there is nothing.
   */
  readableBytes(offset: number): number {
    const endOffset = this.#highWatermark.value
    if (offset >= endOffset) return 0
    const cached = this.#tail.bytesBetween(offset, endOffset)
    if (cached !== null) return cached
    const index = this.#segments.indexOf(offset)
    const segment = this.#segments.at(index)
    const from = segment?.active?.offsetIndex.lookup(offset).position ?? 0
    const hiddenBytes = this.#tail.bytesBetween(endOffset, this.#highWatermark.writtenEnd) ?? 0
    return Math.max(1, (segment?.sizeBytes ?? 0) - from + this.#segments.bytesBehind(index) - hiddenBytes)
  }

  /** Where the epoch ends here: Kafka's answer to OffsetForLeaderEpoch; -1 and -1 when it is unknown. */
  endOffsetForEpoch(epoch: number): { leaderEpoch: number; endOffset: number } {
    return this.#epochs.endOffsetOf(epoch, this.#nextOffset)
  }

  /**
   * The first record that consumers may see whose time is at or after `timestampMs`: the record itself, not its batch.
   * Null when all are earlier.
   */
  offsetForTimestamp(timestampMs: number): Promise<TimestampedOffset | null> {
    return this.#lookup.firstAtOrAfter(timestampMs, this.#visibleRange())
  }

  /** The first of the records with the latest time. Null when there is none that has a time. */
  maxTimestamp(): Promise<TimestampedOffset | null> {
    return this.#lookup.latest(this.#visibleRange())
  }

  /**
   * Moves the beginning of the log to `offset` (DeleteRecords), durably when it resolves. One before the beginning
   * changes nothing. Throws OffsetOutOfRangeError beyond the high watermark.
   */
  truncateBefore(offset: number): Promise<void> {
    if (this.#error !== null) throw this.#error
    if (offset > this.highWatermark) throw this.#outOfRange(offset)
    return this.#trimmer.moveStart(offset, this.#config)
  }

  /** Removes segments that are too old or too much for the config, and forgets idle producers. Returns how many. */
  applyRetention(nowMs: number): Promise<number> {
    if (this.#error !== null || this.#isClosed) return Promise.resolve(0)
    this.#producers.expire(nowMs, this.#config.producerIdExpirationMs)
    return this.#trimmer.applyRetention({ config: this.#config, highWatermark: this.highWatermark, nowMs })
  }

  producerStates(): Iterable<ProducerEntry> {
    return this.#producers.entries()
  }

  /** `listener` runs whenever consumers may see more: once for each group, so it must be cheap. Returns its undoing. */
  onHighWatermarkMoved(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when everything appended so far is on stable storage. */
  flush(): Promise<void> {
    return this.#error === null ? this.#commit.flush() : Promise.reject(this.#error)
  }

  /** Resolves when an append that was refused with `queue-full` may be tried again. */
  whenRoom(): Promise<void> {
    return this.#commit.queue.whenRoom()
  }

  /** Writes and syncs what was appended, then closes the files. Idempotent; the directory's opener calls it. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    try {
      await this.#trimmer.close()
      await this.#commit.close()
    } finally {
      this.#isClosed = true
      this.#tail.clear()
      this.#listeners.clear()
      this.#segments.close()
    }
  }

  #refusalFor(sizeBytes: number): AppendOutcome | null {
    if (this.#isClosed || this.#closing !== null) return rejected('closed', 'the log is closed')
    if (this.#error !== null) return rejected('offline', this.#error.message)
    if (this.#isDiskStillFull(sizeBytes)) return rejected('disk-full', `no space left for ${this.directory}`)
    if (this.#commit.queue.isRoomFor(sizeBytes)) return null
    return rejected('queue-full', 'too many bytes wait for the disk')
  }

  /** Asks for the free space at most every 100 ms. Space that is there again heals the log without anybody's help. */
  #isDiskStillFull(sizeBytes: number): boolean {
    const { clock, fs } = this.#environment
    if (this.#diskFullUntilMs === null) return false
    if (clock.monotonicMs() < this.#diskFullUntilMs) return true
    if (fs.freeBytes(this.directory) > sizeBytes) {
      this.#diskFullUntilMs = null
      return false
    }
    this.#diskFullUntilMs = clock.monotonicMs() + DISK_FULL_RETRY_MS
    return true
  }

  /** Returns the append time that was stamped, or -1. */
  #stamp(batch: Buffer, baseOffset: number): number {
    stampBatch(batch, 0, { baseOffset, partitionLeaderEpoch: this.#epochs.latest })
    if (this.#config.messageTimestampType !== 'LogAppendTime') return -1
    const nowMs = this.#environment.clock.nowMs()
    setLogAppendTime(batch, 0, nowMs)
    return nowMs
  }

  #duplicateOutcome(
    batch: { lastOffset: number; offsetDelta: number; timestampMs: number },
    options: AppendOptions,
  ): AppendOutcome {
    const isStamped = this.#config.messageTimestampType === 'LogAppendTime'
    return {
      kind: 'duplicate',
      baseOffset: batch.lastOffset - batch.offsetDelta,
      lastOffset: batch.lastOffset,
      logAppendTimeMs: isStamped ? batch.timestampMs : -1,
      committed: this.#commit.whenDurable(batch.lastOffset, options.durability === 'synced'),
    }
  }

  #sliceOf(buffers: readonly Buffer[]): LogSlice {
    let sizeBytes = 0
    for (const buffer of buffers) sizeBytes += buffer.length
    return {
      buffers,
      sizeBytes,
      highWatermark: this.highWatermark,
      lastStableOffset: this.lastStableOffset,
      logStartOffset: this.logStartOffset,
    }
  }

  #outOfRange(offset: number): OffsetOutOfRangeError {
    return new OffsetOutOfRangeError({
      offset,
      logStartOffset: this.logStartOffset,
      logEndOffset: this.#nextOffset,
    })
  }

  async #readFromDisk(request: DiskRead): Promise<LogSlice> {
    try {
      const bytes = await this.#reader.read(request)
      return this.#sliceOf(bytes.length === 0 ? [] : [bytes])
    } catch (error) {
      // Retention took the segment away while it was looked up: that is an answer, not a fault of the disk.
      if (request.offset < this.logStartOffset) throw this.#outOfRange(request.offset)
      throw error
    }
  }

  #visibleRange(): LookupRange {
    if (this.#error !== null) throw this.#error
    return { logStartOffset: this.logStartOffset, endOffset: this.highWatermark }
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) listener()
  }

  #mark(end: SyncedEnd): void {
    this.#environment.marks.record({
      topicId: this.topicId,
      partition: this.partition,
      leaderEpoch: this.#epochs.latest,
      segmentBaseOffset: end.segmentBaseOffset,
      position: end.position,
      nextOffset: end.nextOffset,
      logStartOffset: this.logStartOffset,
    })
  }

  /** The disk was full: offsets that were given to what could not be written are free again, and nobody saw them. */
  #takeBack(fromOffset: number): void {
    this.#nextOffset = fromOffset
    this.#producers.truncateFrom(fromOffset)
    this.#tail.clear()
    const { clock, logger } = this.#environment
    if (this.#diskFullUntilMs === null)
      logger.warn(this.#fields(), 'the disk is full: appends are refused, reads go on')
    this.#diskFullUntilMs = clock.monotonicMs() + DISK_FULL_RETRY_MS
  }

  #goOffline(error: StorageError): void {
    this.#error = error
    this.#tail.clear()
    this.#environment.logger.error({ ...this.#fields(), code: error.code }, `offline: ${error.message}`)
  }

  #fields(): object {
    return { topic: this.topic, partition: this.partition, logEndOffset: this.#nextOffset }
  }
}

function rejected(reason: AppendRejection, message: string): AppendOutcome {
  return { kind: 'rejected', reason, message }
}

function withMaxTimestamp(header: BatchHeader, maxTimestampMs: number): ProducerBatchHeader {
  return header.maxTimestampMs === maxTimestampMs ? header : { ...header, maxTimestampMs }
}
