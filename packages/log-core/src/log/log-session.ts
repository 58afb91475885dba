import { type BatchHeader, setLogAppendTime, stampBatch } from '@millrace/record-batch'
import { LogCompactor } from '../compaction/log-compactor.ts'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import type { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import type { AppendOptions, AppendOutcome } from './append-outcome.ts'
import type { CommitListener, SyncedEnd } from './commit-listener.ts'
import type { EpochCheckpoint } from './epoch-checkpoint.ts'
import { GroupCommit } from './group-commit.ts'
import { HighWatermark } from './high-watermark.ts'
import type { LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { type DiskRead, LogReader } from './log-reader.ts'
import { LogTrimmer } from './log-trimmer.ts'
import { OffsetLookup } from './offset-lookup.ts'
import type { ProducerBatch, ProducerBatchHeader, ProducerStates } from './producer-state.ts'
import type { SegmentList } from './segment-list.ts'
import { TailCache, type TailSlice } from './tail-cache.ts'

/** What opening the files of a log gives. */
export interface OpenedLog {
  readonly segments: SegmentList
  readonly producers: ProducerStates
  readonly checkpoint: EpochCheckpoint
  readonly logStartOffset: number
  /** The size of the active file may be one that a failed attempt cut: a full sync has to come before it is sealed. */
  readonly isSizeUncertain: boolean
}

/** What a session tells the log that it serves. Never called from within `append`. */
export interface SessionListener {
  /** Consumers may see more: once for each group. */
  committed(): void
  /** The disk was full: what was appended from this offset on was taken back. */
  refused(fromOffset: number, error: StorageError): void
  /** The session is over: nothing more is appended or read. */
  failed(error: StorageError): void
}

/**
 * A log between two openings of its files: from recovery to close, or to the disk error that ends it. Everything that
 * has to be built anew afterwards lives here; the log itself only outlives it.
 */
export class LogSession implements CommitListener {
  readonly segments: SegmentList
  readonly producers: ProducerStates
  readonly epochs: LeaderEpochs
  readonly highWatermark: HighWatermark
  readonly commit: GroupCommit
  readonly trimmer: LogTrimmer
  readonly #environment: LogEnvironment
  readonly #identity: LogIdentity
  readonly #checkpoint: EpochCheckpoint
  readonly #listener: SessionListener
  /** Of thousands of logs most are neither read nor appended to for a long time: what only that needs is made then. */
  #tail: TailCache | null = null
  #reader: LogReader | null = null
  #compactor: LogCompactor | null = null
  #config: LogConfig
  #nextOffset: number

  constructor(
    environment: LogEnvironment,
    log: { identity: LogIdentity; opened: OpenedLog; config: LogConfig },
    listener: SessionListener,
  ) {
    const { segments, producers, checkpoint, isSizeUncertain } = log.opened
    const { epochs } = checkpoint
    const { clock, limits, indexes } = environment
    const { active } = segments
    this.#listener = listener
    this.#environment = environment
    this.#identity = log.identity
    this.#checkpoint = checkpoint
    this.#config = log.config
    this.segments = segments
    this.producers = producers
    this.epochs = epochs
    this.#nextOffset = active.nextOffset
    this.highWatermark = new HighWatermark(active.nextOffset, environment.plantedBugs)
    const syncedEnd = {
      segmentBaseOffset: active.segment.baseOffset,
      position: active.segment.sizeBytes,
      nextOffset: active.nextOffset,
    }
    const parts = {
      segments,
      producers,
      checkpoint,
      highWatermark: this.highWatermark,
      clock,
      limits,
      config: log.config,
      isSizeUncertain,
    }
    this.commit = new GroupCommit(parts, syncedEnd, this)
    this.trimmer = new LogTrimmer(environment, log.identity, { ...log.opened, indexes, commit: this.commit })
  }

  get tail(): TailCache {
    const { tailBudget, limits } = this.#environment
    const { highWatermark } = this
    this.#tail ??= new TailCache(tailBudget, limits.tailCacheBytesPerLog, () => highWatermark.writtenEnd)
    return this.#tail
  }

  get reader(): LogReader {
    const { segments, epochs } = this
    const { indexes, cache } = this.#environment
    this.#reader ??= new LogReader({ segments, indexes, cache, epochs })
    return this.#reader
  }

  get lookup(): OffsetLookup {
    const { segments, reader } = this
    return new OffsetLookup({ segments, indexes: this.#environment.indexes, reader })
  }

  get compactor(): LogCompactor {
    this.#compactor ??= new LogCompactor(this.#environment, this.#identity, this)
    return this.#compactor
  }

  /** The next offset to be given. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
    this.commit.updateConfig(config)
  }

  /** From the check of the producer to the queue there is no waiting (P1). */
  append(batch: Buffer, header: BatchHeader, options: AppendOptions): AppendOutcome {
    const isIdempotent = header.producerId >= 0
    if (isIdempotent && options.isFromClient !== false) {
      const check = this.producers.check(header)
      if (check.kind === 'rejected') return check
      if (check.kind === 'duplicate') return this.#duplicateOutcome(check.batch, options)
    }
    const baseOffset = this.#nextOffset
    const lastOffset = baseOffset + header.lastOffsetDelta
    const logAppendTimeMs = this.#stamp(batch, baseOffset)
    const maxTimestampMs = logAppendTimeMs >= 0 ? logAppendTimeMs : header.maxTimestampMs
    this.#nextOffset = lastOffset + 1
    if (isIdempotent) {
      const { writtenEnd } = this.highWatermark
      this.producers.update(withMaxTimestamp(header, maxTimestampMs), lastOffset, writtenEnd)
    }
    const isSyncedTopic = this.#config.flushMessages <= 1
    const sizeBytes = batch.length
    const ownsMemory = options.ownsMemory ?? false
    const committed = this.commit.append({
      buffer: this.tail.add(batch, { baseOffset, lastOffset, ownsMemory }),
      sizeBytes,
      baseOffset,
      lastOffset,
      maxTimestampMs,
      mustSync:
        options.durability === 'synced' || isSyncedTopic || header.isTransactional || header.isControl,
    })
    return { kind: 'appended', baseOffset, lastOffset, logAppendTimeMs, committed }
  }

  /** From memory at once, else from disk. The offset lies before `endOffset`. */
  read(request: DiskRead): TailSlice | Promise<Buffer> {
    return this.#tail?.read(request) ?? this.reader.read(request)
  }

  /** Bytes between the offset and the high watermark, without touching the disk. */
  readableBytes(offset: number): number {
    const endOffset = this.highWatermark.value
    if (offset >= endOffset) return 0
    const cached = this.#tail?.bytesBetween(offset, endOffset) ?? null
    if (cached !== null) return cached
    const index = this.segments.indexOf(offset)
    const segment = this.segments.at(index)
    const from = segment?.active?.offsetIndex.lookup(offset).position ?? 0
    const hiddenBytes = this.#tail?.bytesBetween(endOffset, this.highWatermark.writtenEnd) ?? 0
    return Math.max(1, (segment?.sizeBytes ?? 0) - from + this.segments.bytesBehind(index) - hiddenBytes)
  }

  /** Writes and syncs everything, and leaves what a quick start needs. Says what it left. */
  async close(): Promise<CleanLog> {
    try {
      await this.trimmer.settled()
      await this.commit.close()
      await this.segments.writeForQuickStart(this.producers)
      if (!this.#checkpoint.isWritten) await this.#checkpoint.write()
      return {
        topic: this.#identity.topic,
        partition: this.#identity.partition,
        topicId: this.#identity.topicId,
        epochs: this.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset]),
        logStartOffset: this.trimmer.logStartOffset,
        hasProducers: this.producers.count > 0,
        ...this.segments.cleanState(),
      }
    } finally {
      this.abandon()
    }
  }

  /** Closes the files as they are: after a disk error, when nothing more may be written to them. */
  abandon(): void {
    this.#tail?.clear()
    this.segments.close()
  }

  /** `CommitListener`, as the next three. */
  committed(): void {
    this.#listener.committed()
  }

  synced(end: SyncedEnd): void {
    const { topicId, partition } = this.#identity
    const leaderEpoch = this.epochs.latest
    // A start behind what is synced would outlive the records before it: the log would end before it begins.
    const logStartOffset = Math.min(this.trimmer.logStartOffset, end.nextOffset)
    this.#environment.marks.record({ topicId, partition, leaderEpoch, logStartOffset, ...end })
  }

  /** Offsets that were given to what could not be written are free again: nobody saw them. */
  refused(fromOffset: number, error: StorageError): void {
    this.#nextOffset = fromOffset
    this.producers.truncateFrom(fromOffset)
    this.#tail?.clear()
    this.#listener.refused(fromOffset, error)
  }

  failed(error: StorageError): void {
    this.#listener.failed(error)
  }

  /** Returns the append time that was stamped, or -1. */
  #stamp(batch: Buffer, baseOffset: number): number {
    stampBatch(batch, 0, { baseOffset, partitionLeaderEpoch: this.epochs.latest })
    if (this.#config.messageTimestampType !== 'LogAppendTime') return -1
    const nowMs = this.#environment.clock.nowMs()
    setLogAppendTime(batch, 0, nowMs)
    return nowMs
  }

  #duplicateOutcome(batch: ProducerBatch, options: AppendOptions): AppendOutcome {
    const isStamped = this.#config.messageTimestampType === 'LogAppendTime'
    return {
      kind: 'duplicate',
      baseOffset: batch.lastOffset - batch.offsetDelta,
      lastOffset: batch.lastOffset,
      logAppendTimeMs: isStamped ? batch.timestampMs : -1,
      committed: this.commit.whenDurable(batch.lastOffset, options.durability === 'synced'),
    }
  }
}

function withMaxTimestamp(header: BatchHeader, maxTimestampMs: number): ProducerBatchHeader {
  return header.maxTimestampMs === maxTimestampMs ? header : { ...header, maxTimestampMs }
}
