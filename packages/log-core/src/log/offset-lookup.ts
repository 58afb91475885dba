import {
  type BatchHeader,
  freeMemory,
  openRecords,
  type RecordCursor,
  scanBatches,
} from '@millrace/record-batch'
import type { LogSegment } from '../segment/log-segment.ts'
import type { SegmentIndexes } from '../segment/segment-indexes.ts'
import type { LogReader } from './log-reader.ts'
import type { SegmentList } from './segment-list.ts'

/** A record found by its time. */
export interface TimestampedOffset {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

/** Where a look-up may look. */
export interface LookupRange {
  readonly logStartOffset: number
  readonly endOffset: number
}

/** One read of a walk: a few index intervals. */
const LOOKUP_BYTES = 64 * 1024
/** The first read of a look-up: two index intervals of Kafka's default. Hardly ever is the record further away. */
const FIRST_LOOKUP_BYTES = 8 * 1024

/** Finds records by time: the right segment by its latest time, the place in it by its time index, then a short scan. */
export class OffsetLookup {
  readonly #segments: SegmentList
  readonly #indexes: SegmentIndexes
  readonly #reader: LogReader

  constructor(parts: { segments: SegmentList; indexes: SegmentIndexes; reader: LogReader }) {
    this.#segments = parts.segments
    this.#indexes = parts.indexes
    this.#reader = parts.reader
  }

  /** The first record, in offset order, whose time is at or after `timestampMs`. */
  async firstAtOrAfter(timestampMs: number, range: LookupRange): Promise<TimestampedOffset | null> {
    for (const segment of this.#segmentsFrom(range.logStartOffset)) {
      if (segment.baseOffset >= range.endOffset) return null
      if ((await this.#indexes.times(segment)).maxTimestampMs < timestampMs) continue
      const entry = (await this.#indexes.timeIndex(segment)).lookupBefore(timestampMs)
      const from = Math.max(entry === null ? segment.baseOffset : entry.offset + 1, range.logStartOffset)
      const found = await this.#scan(from, timestampMs, range)
      if (found !== null) return found
    }
    return null
  }

  /** The first of the records with the latest time of all. */
  async latest(range: LookupRange): Promise<TimestampedOffset | null> {
    let best: { maxTimestampMs: number; segment: LogSegment } | null = null
    for (const segment of this.#segmentsFrom(range.logStartOffset)) {
      const { maxTimestampMs } = await this.#indexes.times(segment)
      if (maxTimestampMs > (best?.maxTimestampMs ?? -1)) best = { maxTimestampMs, segment }
    }
    if (best === null) return null
    const found = await this.firstAtOrAfter(best.maxTimestampMs, range)
    // Else that record is one of those that nobody may read, before the log start or behind the high watermark.
    return found ?? this.#latestReadable(range)
  }

  /** As `latest`, without the word of segments of which only a part may be read: those are walked. */
  async #latestReadable(range: LookupRange): Promise<TimestampedOffset | null> {
    let latestMs = -1
    for (const segment of this.#segmentsFrom(range.logStartOffset)) {
      if (segment.baseOffset >= range.endOffset) break
      const endOffset = this.#segments.endOffsetOf(this.#segments.indexOf(segment.baseOffset))
      const isWhole = segment.baseOffset >= range.logStartOffset && endOffset <= range.endOffset
      const maxMs = isWhole
        ? (await this.#indexes.times(segment)).maxTimestampMs
        : await this.#latestMsIn({
            logStartOffset: Math.max(segment.baseOffset, range.logStartOffset),
            endOffset: Math.min(endOffset, range.endOffset),
          })
      latestMs = Math.max(latestMs, maxMs)
    }
    return latestMs < 0 ? null : this.firstAtOrAfter(latestMs, range)
  }

  async #latestMsIn({ logStartOffset, endOffset }: LookupRange): Promise<number> {
    let latestMs = -1
    for (let offset = logStartOffset; offset < endOffset; ) {
      const request = { offset, endOffset, maxBytes: LOOKUP_BYTES, isFirstBatchWhole: true }
      const bytes = await this.#reader.read(request)
      if (bytes.length === 0) break
      for (const { position, header } of scanBatches(bytes)) {
        offset = header.lastOffset + 1
        // Only a batch that begins before the log start may hold a later time than what may be read of it.
        if (header.maxTimestampMs <= latestMs) continue
        if (header.baseOffset >= logStartOffset) latestMs = header.maxTimestampMs
        else
          latestMs = Math.max(
            latestMs,
            latestMsFrom(logStartOffset, openRecords(bytes, position, header), header),
          )
      }
    }
    return latestMs
  }

  /** A copy: retention may take segments out meanwhile. */
  #segmentsFrom(offset: number): LogSegment[] {
    const segments: LogSegment[] = []
    for (let index = this.#segments.indexOf(offset); index < this.#segments.count; index++) {
      const segment = this.#segments.at(index)
      if (segment !== undefined) segments.push(segment)
    }
    return segments
  }

  async #scan(from: number, timestampMs: number, range: LookupRange): Promise<TimestampedOffset | null> {
    let maxBytes = FIRST_LOOKUP_BYTES
    for (let offset = from; offset < range.endOffset; maxBytes = LOOKUP_BYTES) {
      const request = { offset, endOffset: range.endOffset, maxBytes, isFirstBatchWhole: true }
      const bytes = await this.#reader.read(request)
      if (bytes.length === 0) return null
      const found = firstRecordIn(bytes, timestampMs, range.logStartOffset)
      // Left to the garbage collector, what a thousand look-ups read costs more than the look-ups do.
      freeMemory(bytes)
      if (found.record !== null) return found.record
      offset = found.nextOffset
    }
    return null
  }
}

function latestMsFrom(offset: number, records: RecordCursor, header: BatchHeader): number {
  let latestMs = -1
  while (records.next()) {
    const recordMs = header.timestampType === 1 ? header.maxTimestampMs : records.timestampMs
    if (records.offset >= offset) latestMs = Math.max(latestMs, recordMs)
  }
  return latestMs
}

/** Only batches that reach the time are opened; a record in them may still not, when retention cut the batch's front. */
function firstRecordIn(
  bytes: Buffer,
  timestampMs: number,
  minOffset: number,
): { record: TimestampedOffset | null; nextOffset: number } {
  let nextOffset = 0
  for (const { position, header } of scanBatches(bytes)) {
    nextOffset = header.lastOffset + 1
    if (header.maxTimestampMs < timestampMs) continue
    const records = openRecords(bytes, position, header)
    while (records.next()) {
      const recordMs = header.timestampType === 1 ? header.maxTimestampMs : records.timestampMs
      if (recordMs < timestampMs || records.offset < minOffset) continue
      const record = {
        offset: records.offset,
        timestampMs: recordMs,
        leaderEpoch: header.partitionLeaderEpoch,
      }
      return { record, nextOffset }
    }
  }
  return { record: null, nextOffset }
}
