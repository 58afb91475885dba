import { strict as assert } from 'node:assert'
import { type BatchHeader, freeMemory } from '@millrace/record-batch'
import type { CompactionPlan } from '../compaction/compaction-plan.ts'
import type { CompactionResult } from '../compaction/log-compactor.ts'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import type { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import type { AppendOptions, AppendOutcome, AppendRejection } from './append-outcome.ts'
import { isDiskFull } from './disk-full.ts'
import { DiskSpace } from './disk-space.ts'
import { Listeners } from './listeners.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { type CompactionOptions, LogMaintenance, type ScrubResult } from './log-maintenance.ts'
import { LogSession, type OpenedLog } from './log-session.ts'
import { type LogSlice, OffsetOutOfRangeError, type ReadRequest } from './log-slice.ts'
import type { LookupRange, TimestampedOffset } from './offset-lookup.ts'
import { openLogFiles } from './open-log.ts'
import type { ProducerEntry } from './producer-state.ts'
import { cutToSynced } from './reopen.ts'

/**
 * The log of one partition: appends, reads, and the offsets between which it has something to tell.
 *
 * `logStartOffset <= highWatermark <= logEndOffset` (L2). It outlives a disk error: `offline` then, until it has been
 * opened again from what is known to be on the disk.
 */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly directory: string
  readonly #environment: LogEnvironment
  readonly #identity: LogIdentity
  readonly #listeners = new Listeners()
  readonly #offlineListeners = new Listeners()
  /** Made when they are needed, as the parts of a session are. */
  #space: DiskSpace | null = null
  #maintenance: LogMaintenance | null = null
  #config: LogConfig
  #session: LogSession
  #error: StorageError | null = null
  #isDiskFull = false
  #reopening: Promise<void> | null = null
  #closing: Promise<CleanLog | null> | null = null

  /** `LogDirectory.openLog` makes it. */
  constructor(environment: LogEnvironment, identity: LogIdentity, opened: OpenedLog, config: LogConfig) {
    this.#environment = environment
    this.#identity = identity
    this.topic = identity.topic
    this.partition = identity.partition
    this.topicId = identity.topicId
    this.directory = identity.directory
    this.#config = config
    this.#session = this.#startSession(opened)
  }

  get config(): LogConfig {
    return this.#config
  }

  /** `offline` after a disk error, which `error` names, and when closed. */
  get state(): 'online' | 'offline' {
    return this.#error === null && this.#closing === null ? 'online' : 'offline'
  }

  get error(): StorageError | null {
    return this.#error
  }

  /** Whether the last append was refused for want of space, and there still is none. Reads go on meanwhile. */
  get isDiskFull(): boolean {
    if (this.#isDiskFull && this.#diskSpace.isBackFor(0)) this.#isDiskFull = false
    return this.#isDiskFull
  }

  get logStartOffset(): number {
    return this.#session.trimmer.logStartOffset
  }

  /** Consumers see what lies before it. */
  get highWatermark(): number {
    return this.#session.highWatermark.value
  }

  /** The same as the high watermark until there are transactions. */
  get lastStableOffset(): number {
    return this.#session.highWatermark.value
  }

  /** The next offset to be given, also to batches that are not written yet. */
  get logEndOffset(): number {
    return this.#session.nextOffset
  }

  /** Everything before it is on stable storage. */
  get syncedOffset(): number {
    return this.#session.commit.syncedEnd.nextOffset
  }

  /** Wall-clock time of the last sync that made something durable; null when there was none since it was opened. */
  get lastSyncAtMs(): number | null {
    return this.#session.commit.lastSyncAtMs
  }

  get leaderEpoch(): number {
    return this.#session.epochs.latest
  }

  get sizeBytes(): number {
    return this.#session.segments.sizeBytes
  }

  get segmentCount(): number {
    return this.#session.segments.count
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
    this.#session.updateConfig(config)
  }

  /**
   * Gives the batch its offsets and queues it for the next write; nothing is waited for (P1).
   *
   * `batch` holds exactly one validated batch, is stamped in place, and belongs to the log from here on.
   */
  append(batch: Buffer, header: BatchHeader, options: AppendOptions): AppendOutcome {
    assert(batch.length === header.sizeBytes, `one batch of ${header.sizeBytes} bytes in ${batch.length}`)
    return this.#refusalFor(batch.length) ?? this.#session.append(batch, header, options)
  }

  /**
   * Whole batches from the one that contains `offset`. Answers at once when they are still in memory, else from the
   * thread pool. An offset at the limit gives an empty slice.
   *
   * @throws OffsetOutOfRangeError, StorageError (also when offline); from within the promise when there is one
   */
  read(request: ReadRequest): LogSlice | Promise<LogSlice> {
    const session = this.#onlineSession()
    const { offset, maxBytes, isFirstBatchWhole, limit } = request
    if (offset < this.logStartOffset || offset > this.logEndOffset) throw this.#outOfRange(offset)
    const endOffset = limit === 'log-end' ? session.highWatermark.writtenEnd : session.highWatermark.value
    if (offset >= endOffset) return this.#sliceOf([], () => {})
    const found = session.read({ offset, endOffset, maxBytes, isFirstBatchWhole })
    return found instanceof Promise
      ? this.#sliceFromDisk(offset, found)
      : this.#sliceOf(found.buffers, found.release)
  }

  /**
   * How many bytes a read from `offset` up to the high watermark would find, without touching the disk: exact for
   * what is in memory, elsewhere at most an index interval too high. 0 exactly when there is nothing.
   */
  readableBytes(offset: number): number {
    return this.#session.readableBytes(offset)
  }

  /**
   * The first record that consumers may see whose time is at or after `timestampMs`: the record itself, not its batch.
   * Null when all are earlier.
   */
  async offsetForTimestamp(timestampMs: number): Promise<TimestampedOffset | null> {
    return this.#onlineSession().lookup.firstAtOrAfter(timestampMs, this.#visibleRange())
  }

  /** The first of the records with the latest time. Null when there is none that has a time. */
  async maxTimestamp(): Promise<TimestampedOffset | null> {
    return this.#onlineSession().lookup.latest(this.#visibleRange())
  }

  /** Where the epoch ends here: Kafka's answer to OffsetForLeaderEpoch; -1 and -1 when it is unknown. */
  endOffsetForEpoch(epoch: number): { leaderEpoch: number; endOffset: number } {
    return this.#session.epochs.endOffsetOf(epoch, this.logEndOffset)
  }

  /** The leader epoch under which `offset` was, or will be, written. */
  epochAt(offset: number): number {
    return this.#session.epochs.epochOf(offset)
  }

  producerStates(): Iterable<ProducerEntry> {
    return this.#session.producers.entries()
  }

  /** `listener` runs whenever consumers may see more: once for each group, so it must be cheap. Returns its undoing. */
  onHighWatermarkMoved(listener: () => void): () => void {
    return this.#listeners.add(listener)
  }

  /** `listener` runs when the log goes offline after a disk error, and when it is closed. Returns its undoing. */
  onOffline(listener: () => void): () => void {
    return this.#offlineListeners.add(listener)
  }

  /** Resolves when everything appended so far is on stable storage. */
  async flush(): Promise<void> {
    await this.#onlineSession().commit.flush()
  }

  /** False while so many bytes wait for the disk that appending more would be refused before long. */
  get hasRoom(): boolean {
    return this.#session.commit.queue.hasRoom
  }

  /** Resolves when there is room again. */
  whenRoom(): Promise<void> {
    return this.#session.commit.queue.whenRoom()
  }

  /**
   * Moves the beginning of the log to `offset` (DeleteRecords), durably when it resolves. One before the beginning
   * changes nothing. Throws OffsetOutOfRangeError beyond the high watermark.
   */
  async truncateBefore(offset: number): Promise<void> {
    const session = this.#onlineSession()
    if (offset > this.highWatermark) throw this.#outOfRange(offset)
    await session.trimmer.moveStart(offset, this.#config)
  }

  /** Removes segments that are too old or too much for the config, and forgets idle producers. Returns how many. */
  applyRetention(nowMs: number): Promise<number> {
    return this.#upkeep.applyRetention(nowMs)
  }

  /** What compaction would find here. Null under a policy without `compact`, and while the log is offline. */
  compactionPlan(nowMs: number): CompactionPlan | null {
    return this.#upkeep.compactionPlan(nowMs)
  }

  /**
   * One compaction pass over what is dirty, whether it is due or not, within a share of one core. Null when nothing may
   * be compacted, or when the log is closed or goes offline meanwhile. Passes of one log follow each other.
   *
   * @throws StorageError, CORRUPT when a segment is damaged: nothing of it was replaced
   */
  compact(options: CompactionOptions): Promise<CompactionResult | null> {
    return this.#upkeep.compact(options)
  }

  /**
   * Reads all sealed segments once, at a low rate, and compares them with what was sealed. What is damaged is reported,
   * and no reader is given anything of that segment any more.
   */
  scrub({ bytesPerSecond }: { bytesPerSecond: number }): Promise<ScrubResult> {
    return this.#upkeep.scrub(bytesPerSecond)
  }

  /**
   * Opens an offline log again from what is known to be on the disk: what no sync had covered is cut, a copy of it put
   * aside, and a new segment begun under a higher leader epoch. Rejects, and stays offline, when the disk still fails.
   */
  reopen(): Promise<void> {
    if (this.#error === null) return Promise.resolve()
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = null
    })
    return this.#reopening
  }

  /**
   * Writes and syncs what was appended, then closes the files. Idempotent; the directory's opener calls it. Says what
   * it left for a quick start, null when it was offline.
   */
  close(): Promise<CleanLog | null> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<CleanLog | null> {
    this.#listeners.clear()
    this.#offlineListeners.tell()
    this.#offlineListeners.clear()
    await this.#reopening?.catch(() => {})
    await this.#maintenance?.settled()
    if (this.#error === null) return this.#session.close()
    this.#session.abandon()
    return null
  }

  async #reopen(): Promise<void> {
    const { logger } = this.#environment
    // A sync or a move of the start that was on its way still counts, for the marks that are read now and for who waits.
    await this.#session.commit.settled()
    await this.#maintenance?.settled()
    await this.#session.trimmer.settled()
    const withheldFrom = this.syncedOffset
    const withheldTo = this.logEndOffset
    this.#session.abandon()
    await cutToSynced(this.#environment, this.#identity, this.#session.commit.syncedEnd)
    const config = this.#config
    const opened = await openLogFiles(this.#environment, this.#identity, { config, clean: null })
    const session = this.#startSession(opened)
    // Not one byte more goes into the file whose sync failed.
    await session.commit.roll()
    this.#session = session
    this.#error = null
    logger.warn({ ...this.#fields(), withheldFrom, withheldTo }, 'online again: what was not synced was cut')
  }

  #startSession(opened: OpenedLog): LogSession {
    const log = { identity: this.#identity, opened, config: this.#config }
    return new LogSession(this.#environment, log, {
      committed: () => this.#listeners.tell(),
      refused: (_, error) => this.#noteDiskFull(error),
      failed: (error) => this.#goOffline(error),
    })
  }

  #onlineSession(): LogSession {
    if (this.#error !== null) throw this.#error
    assert(this.#closing === null, `${this.directory} is closed`)
    return this.#session
  }

  #refusalFor(sizeBytes: number): AppendOutcome | null {
    if (this.#closing !== null) return rejected('closed', 'the log is closed')
    if (this.#error !== null) {
      if (isDiskFull(this.#error) && this.#diskSpace.isBackFor(sizeBytes)) this.reopen().catch(() => {})
      return rejected('offline', this.#error.message)
    }
    if (this.#isDiskFull) {
      if (!this.#diskSpace.isBackFor(sizeBytes))
        return rejected('disk-full', `no space left for ${this.directory}`)
      this.#isDiskFull = false
    }
    if (this.#session.commit.queue.isRoomFor(sizeBytes)) return null
    return rejected('queue-full', 'too many bytes wait for the disk')
  }

  #noteDiskFull(error: StorageError): void {
    const { logger } = this.#environment
    if (!this.#isDiskFull)
      logger.warn({ ...this.#fields(), code: error.code }, 'disk full: appends refused, reads go on')
    this.#isDiskFull = true
    this.#diskSpace.wasFull()
  }

  #goOffline(error: StorageError): void {
    this.#error = error
    this.#diskSpace.wasFull()
    const { syncedOffset } = this
    this.#environment.logger.error(
      { ...this.#fields(), syncedOffset, code: error.code },
      `offline: ${error.message}`,
    )
    this.#offlineListeners.tell()
  }

  get #diskSpace(): DiskSpace {
    const { fs, clock } = this.#environment
    this.#space ??= new DiskSpace(fs, clock, this.directory)
    return this.#space
  }

  get #upkeep(): LogMaintenance {
    this.#maintenance ??= new LogMaintenance(this.#environment, {
      session: () => (this.state === 'online' ? this.#session : null),
      config: () => this.#config,
    })
    return this.#maintenance
  }

  #sliceOf(buffers: readonly Buffer[], release: () => void): LogSlice {
    let sizeBytes = 0
    for (const buffer of buffers) sizeBytes += buffer.length
    const { highWatermark, lastStableOffset, logStartOffset } = this
    return { buffers, release, sizeBytes, highWatermark, lastStableOffset, logStartOffset }
  }

  async #sliceFromDisk(offset: number, reading: Promise<Buffer>): Promise<LogSlice> {
    try {
      const bytes = await reading
      if (offset >= this.logStartOffset) {
        return this.#sliceOf(bytes.length === 0 ? [] : [bytes], () => freeMemory(bytes))
      }
    } catch (error) {
      if (offset >= this.logStartOffset) throw error
    }
    // Retention took the segment away while it was looked up: that is an answer, not a fault of the disk.
    throw this.#outOfRange(offset)
  }

  #visibleRange(): LookupRange {
    return { logStartOffset: this.logStartOffset, endOffset: this.highWatermark }
  }

  #outOfRange(offset: number): OffsetOutOfRangeError {
    const { logStartOffset, logEndOffset } = this
    return new OffsetOutOfRangeError({ offset, logStartOffset, logEndOffset })
  }

  #fields(): object {
    return { topic: this.topic, partition: this.partition, logEndOffset: this.logEndOffset }
  }
}

function rejected(reason: AppendRejection, message: string): AppendOutcome {
  return { kind: 'rejected', reason, message }
}
