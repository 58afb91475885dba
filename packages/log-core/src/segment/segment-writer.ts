import { CorruptBatchError, crc32c, scanBatches } from '@millrace/record-batch'
import type { FileHandle } from '../fs/file-system.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts'
import { type ActiveSegment, LogSegment } from './log-segment.ts'
import { OFFSET_INDEX_ENTRY_BYTES, OffsetIndex } from './offset-index.ts'
import { SEALED_HEADER_BYTES, type SegmentSeal } from './segment-seal.ts'
import { TIME_INDEX_ENTRY_BYTES, TimeIndex } from './time-index.ts'

/** What a segment has to know of a batch that is appended to it. */
export interface SegmentBatch {
  /** The batch, stamped: one view. */
  readonly buffer: Buffer
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestampMs: number
}

/** Both indexes of one segment. */
export interface SegmentIndexPair {
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
}

/** Everything about an active segment that its bytes do not say at a glance: kept over a clean stop. */
export interface SegmentWriterState {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly nextOffset: number
  readonly createdAtMs: number
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  readonly offsetOfMaxTimestamp: number
  readonly bytesSinceIndexEntry: number
  readonly headerCrc: number
}

/** Positions in an index are 32 bits wide, so a segment can never be larger. */
const MAX_SEGMENT_BYTES = 0x7fff_ffff
const MAX_RELATIVE_OFFSET = 0x7fff_ffff
const NO_TIMESTAMP = -1
const NO_INDEXES = (): null => null

/**
 * The one segment of a log that grows. Keeps its indexes in memory (they are derived: a crash loses nothing) and
 * gathers what its seal will say.
 */
export class SegmentWriter implements ActiveSegment {
  readonly segment: LogSegment
  readonly file: FileHandle
  readonly createdAtMs: number
  nextOffset: number
  /** Of the first batch that has a timestamp; `segment.ms` counts from it. */
  firstTimestampMs = NO_TIMESTAMP
  maxTimestampMs = NO_TIMESTAMP
  /** The last offset of the batch with the latest timestamp: what the time index points to. */
  offsetOfMaxTimestamp: number
  #bytesSinceIndexEntry = 0
  #headerCrc = 0
  /** Null until somebody needs them, in a segment that goes on after a clean stop. */
  #indexes: SegmentIndexPair | null
  #loadIndexes: (segment: LogSegment) => SegmentIndexPair | null = NO_INDEXES

  /** `file` is positioned at its end, and empty unless `note` is called for every batch that it holds. */
  constructor(
    place: { directory: string; baseOffset: number },
    file: FileHandle,
    createdAtMs: number,
    indexes: SegmentIndexPair | null = emptyIndexes(place.baseOffset),
  ) {
    this.file = file
    this.createdAtMs = createdAtMs
    this.nextOffset = place.baseOffset
    this.offsetOfMaxTimestamp = place.baseOffset
    this.#indexes = indexes
    this.segment = new LogSegment(place.directory, place.baseOffset, 0)
    this.segment.active = this
  }

  /**
   * Goes on where `state` was taken. `loadIndexes` gives the indexes that the segment had then, when somebody needs
   * them; null when they are not what they were, and then they are built from the file.
   */
  static resume(
    directory: string,
    file: FileHandle,
    state: SegmentWriterState,
    loadIndexes: (segment: LogSegment) => SegmentIndexPair | null,
  ): SegmentWriter {
    const writer = new SegmentWriter(
      { directory, baseOffset: state.baseOffset },
      file,
      state.createdAtMs,
      null,
    )
    writer.segment.sizeBytes = state.sizeBytes
    writer.nextOffset = state.nextOffset
    writer.firstTimestampMs = state.firstTimestampMs
    writer.maxTimestampMs = state.maxTimestampMs
    writer.offsetOfMaxTimestamp = state.offsetOfMaxTimestamp
    writer.#bytesSinceIndexEntry = state.bytesSinceIndexEntry
    writer.#headerCrc = state.headerCrc
    writer.#loadIndexes = loadIndexes
    return writer
  }

  get offsetIndex(): OffsetIndex {
    return this.#loaded().offsetIndex
  }

  get timeIndex(): TimeIndex {
    return this.#loaded().timeIndex
  }

  /** Nobody has needed the indexes since the segment was resumed, so their files are what they were. */
  get areIndexesAsLeft(): boolean {
    return this.#indexes === null
  }

  #loaded(): SegmentIndexPair {
    this.#indexes ??= this.#loadIndexes(this.segment) ?? buildIndexes(this.file, this.segment)
    return this.#indexes
  }

  state(): SegmentWriterState {
    return {
      baseOffset: this.segment.baseOffset,
      sizeBytes: this.segment.sizeBytes,
      nextOffset: this.nextOffset,
      createdAtMs: this.createdAtMs,
      firstTimestampMs: this.firstTimestampMs,
      maxTimestampMs: this.maxTimestampMs,
      offsetOfMaxTimestamp: this.offsetOfMaxTimestamp,
      bytesSinceIndexEntry: this.#bytesSinceIndexEntry,
      headerCrc: this.#headerCrc,
    }
  }

  /** Whether this segment has to be sealed before the batch can be appended. An empty one never has to. */
  isFullFor(batch: SegmentBatch, config: LogConfig, nowMs: number): boolean {
    const { sizeBytes, baseOffset } = this.segment
    if (sizeBytes === 0) return false
    if (sizeBytes + batch.sizeBytes > Math.min(config.segmentBytes, MAX_SEGMENT_BYTES)) return true
    if (batch.lastOffset - baseOffset > MAX_RELATIVE_OFFSET) return true
    if (this.#isIndexFull(config.segmentIndexBytes)) return true
    return this.ageMs(batch.maxTimestampMs, nowMs) > config.segmentMs - this.#jitterMs(config)
  }

  /** Kafka measures by the records' own times where they have some, so that old data rolls as it did when new. */
  ageMs(newestTimestampMs: number, nowMs: number): number {
    const hasTimes = this.firstTimestampMs !== NO_TIMESTAMP && newestTimestampMs !== NO_TIMESTAMP
    return hasTimes ? newestTimestampMs - this.firstTimestampMs : nowMs - this.createdAtMs
  }

  /** Writes the batches with one `writev`. Throws StorageError, and then knows of none of them. */
  append(batches: readonly SegmentBatch[], config: LogConfig): void {
    this.file.appendSync(adjoined(batches))
    for (const batch of batches) this.note(batch, config)
  }

  /** Takes a batch that lies in the file already into the indexes: after `append`, and when a log is opened. */
  note(batch: SegmentBatch, config: LogConfig): void {
    const position = this.segment.sizeBytes
    if (batch.maxTimestampMs > this.maxTimestampMs) {
      this.maxTimestampMs = batch.maxTimestampMs
      this.offsetOfMaxTimestamp = batch.lastOffset
    }
    if (this.firstTimestampMs === NO_TIMESTAMP) this.firstTimestampMs = batch.maxTimestampMs
    if (this.#bytesSinceIndexEntry > config.indexIntervalBytes) {
      this.offsetIndex.append(batch.lastOffset, position)
      this.timeIndex.append({ timestampMs: this.maxTimestampMs, offset: this.offsetOfMaxTimestamp })
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += batch.sizeBytes
    this.#headerCrc = crc32c(batch.buffer, 0, SEALED_HEADER_BYTES, this.#headerCrc)
    this.segment.sizeBytes = position + batch.sizeBytes
    this.nextOffset = batch.lastOffset + 1
  }

  /** The last entry: the latest time of all. */
  completeTimeIndex(): void {
    this.timeIndex.append({ timestampMs: this.maxTimestampMs, offset: this.offsetOfMaxTimestamp })
  }

  /** Completes the time index and says what the seal has to hold. Nothing may be appended afterwards. */
  seal({ nowMs, isCompacted = false }: { nowMs: number; isCompacted?: boolean }): SegmentSeal {
    this.completeTimeIndex()
    return {
      baseOffset: this.segment.baseOffset,
      nextOffset: this.nextOffset,
      sizeBytes: this.segment.sizeBytes,
      isCompacted,
      sealedAtMs: nowMs,
      firstTimestampMs: this.firstTimestampMs,
      maxTimestampMs: this.maxTimestampMs,
      offsetOfMaxTimestamp: this.offsetOfMaxTimestamp,
      headerCrc: this.#headerCrc,
      offsetIndexCrc: crc32c(this.offsetIndex.bytes()),
      timeIndexCrc: crc32c(this.timeIndex.bytes()),
    }
  }

  #isIndexFull(maxIndexBytes: number): boolean {
    const offsetEntries = Math.floor(maxIndexBytes / OFFSET_INDEX_ENTRY_BYTES)
    const timeEntries = Math.floor(maxIndexBytes / TIME_INDEX_ENTRY_BYTES)
    // One time entry is kept free: sealing adds the last one.
    return this.offsetIndex.entryCount >= offsetEntries || this.timeIndex.entryCount >= timeEntries - 1
  }

  /** Spread by the base offset, so that partitions made together do not all roll in the same second. */
  #jitterMs(config: LogConfig): number {
    if (config.segmentJitterMs === 0) return 0
    const hash = crc32c(Buffer.from(`${this.segment.directory}/${this.segment.baseOffset}`))
    return hash % Math.min(config.segmentJitterMs, config.segmentMs)
  }
}

function emptyIndexes(baseOffset: number): SegmentIndexPair {
  return { offsetIndex: new OffsetIndex(baseOffset), timeIndex: new TimeIndex(baseOffset) }
}

/** On the event loop: only when the index files of an active segment were damaged while it was closed. */
function buildIndexes(file: FileHandle, segment: LogSegment): SegmentIndexPair {
  const { directory, baseOffset } = segment
  const writer = new SegmentWriter({ directory, baseOffset }, file, 0)
  for (let start = 0; start < segment.sizeBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(REBUILD_BYTES, segment.sizeBytes - start))
    const bytes = chunk.subarray(0, file.readSync(start, chunk))
    const notedBytes = noteBatches(writer, bytes)
    // Damage, or a batch that is larger than the chunk: the indexes end here, and readers scan from here.
    if (notedBytes === 0) break
    start += notedBytes
  }
  return writer
}

/** Notes the batches that follow each other from the beginning of `bytes`, and returns how many bytes they take. */
function noteBatches(writer: SegmentWriter, bytes: Buffer): number {
  let notedBytes = 0
  try {
    for (const { position, header } of scanBatches(bytes)) {
      const { sizeBytes, baseOffset, lastOffset, maxTimestampMs } = header
      if (baseOffset !== writer.nextOffset) break
      const buffer = bytes.subarray(position, position + sizeBytes)
      writer.note({ buffer, sizeBytes, baseOffset, lastOffset, maxTimestampMs }, DEFAULT_LOG_CONFIG)
      notedBytes += sizeBytes
    }
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error
  }
  return notedBytes
}

const REBUILD_BYTES = 4 * 1024 * 1024

/** Views that follow each other in one block of memory become one: fewer pieces for `writev`. */
function adjoined(batches: readonly SegmentBatch[]): Buffer[] {
  const pieces: Buffer[] = []
  let last: Buffer | undefined
  for (const { buffer } of batches) {
    if (
      last !== undefined &&
      last.buffer === buffer.buffer &&
      last.byteOffset + last.length === buffer.byteOffset
    ) {
      last = Buffer.from(last.buffer, last.byteOffset, last.length + buffer.length)
      pieces[pieces.length - 1] = last
    } else {
      last = buffer
      pieces.push(buffer)
    }
  }
  return pieces
}
