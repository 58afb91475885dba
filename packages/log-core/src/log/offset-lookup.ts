import { openRecords, scanBatches } from '@millrace/record-batch'
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

/** One read of a look-up: a few index intervals. */
const LOOKUP_BYTES = 64 * 1024

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
    return best === null ? null : this.firstAtOrAfter(best.maxTimestampMs, range)
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
    for (let offset = from; offset < range.endOffset; ) {
      const request = { offset, endOffset: range.endOffset, maxBytes: LOOKUP_BYTES, isFirstBatchWhole: true }
      const bytes = await this.#reader.read(request)
      if (bytes.length === 0) return null
      const found = firstRecordIn(bytes, timestampMs, range.logStartOffset)
      if (found.record !== null) return found.record
      offset = found.nextOffset
    }
    return null
  }
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
