import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  type BatchHeader,
  BYTES_BEFORE_LENGTH_COUNTS,
  DELETE_HORIZON_BIT,
  MAX_TIMESTAMP_AT,
  RECORD_COUNT_AT,
  writeInt64,
} from './batch-header.ts'
import { writeBatchCrc } from './batch-stamp.ts'
import { compress, decompress } from './compression.ts'
import { RecordCursor } from './record-cursor.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES } from './record-reader.ts'
import { varintSizeBytes, varlongSizeBytes, writeVarint, writeVarlong } from './varint.ts'

/** What compaction does to a batch. */
export interface RecordFilter {
  /** Sees a cursor over all records before `keep` is asked about the first: for what is quicker done for many at once. */
  prepare?(records: RecordCursor): void
  /** Whether the record that the cursor stands on stays. */
  keep(record: RecordCursor): boolean
  /** From this time on tombstones may be dropped. Given to a batch that keeps some and has no such time yet (KIP-534). */
  readonly deleteHorizonMs: number
  readonly maxDecompressedBytes?: number
}

/** `unchanged`: the bytes may stay as they are. `empty`: no record stays. */
export type FilteredBatch =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'changed'; readonly batch: Buffer; readonly maxTimestampMs: number }

const UNCHANGED = { kind: 'unchanged' } as const
const EMPTY = { kind: 'empty' } as const

/**
 * Leaves out records of the batch at `position`. Offsets, sequences and the batch's own first and last offset stay
 * what they were; kept records are copied as they lie, unless the batch gets its delete horizon, which takes the place
 * of the base timestamp. The result is a buffer of its own. As Kafka's MemoryRecords.filterTo.
 *
 * @throws CorruptBatchError
 */
export function filterBatch(
  buffer: Buffer,
  position: number,
  header: BatchHeader,
  filter: RecordFilter,
): FilteredBatch {
  const records = recordsOf(buffer, position, header, filter)
  const kept = selectRecords(records, header, filter)
  if (kept.count === 0) return EMPTY
  const mustMark = kept.hasTombstone && !header.hasDeleteHorizon
  if (kept.count === header.recordCount && !mustMark) return UNCHANGED
  const horizonMs = mustMark ? filter.deleteHorizonMs : null
  const parts =
    horizonMs === null ? kept.ranges.map(([start, end]) => records.bytes.subarray(start, end)) : []
  const body = horizonMs === null ? Buffer.concat(parts) : rebased(records.bytes, kept, header, horizonMs)
  const stored = compress(header.compression, body)
  const batch = Buffer.allocUnsafeSlow(BATCH_HEADER_BYTES + stored.length)
  buffer.copy(batch, 0, position, position + BATCH_HEADER_BYTES)
  stored.copy(batch, BATCH_HEADER_BYTES)
  batch.writeInt32BE(batch.length - BYTES_BEFORE_LENGTH_COUNTS, BATCH_LENGTH_AT)
  batch.writeInt32BE(kept.count, RECORD_COUNT_AT)
  writeInt64(batch, MAX_TIMESTAMP_AT, kept.maxTimestampMs)
  if (horizonMs !== null) {
    batch.writeInt16BE(header.attributes | DELETE_HORIZON_BIT, ATTRIBUTES_AT)
    writeInt64(batch, BASE_TIMESTAMP_AT, horizonMs)
  }
  writeBatchCrc(batch, 0, batch.length)
  return { kind: 'changed', batch, maxTimestampMs: kept.maxTimestampMs }
}

interface RecordBytes {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

interface KeptRecords {
  /** Start and end of what stays; neighbours are one range. */
  readonly ranges: [number, number][]
  count: number
  maxTimestampMs: number
  hasTombstone: boolean
}

function recordsOf(buffer: Buffer, position: number, header: BatchHeader, filter: RecordFilter): RecordBytes {
  const start = position + BATCH_HEADER_BYTES
  const end = position + header.sizeBytes
  if (header.compression === 0) return { bytes: buffer, start, end }
  const maxBytes = filter.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES
  const bytes = decompress(header.compression, buffer.subarray(start, end), maxBytes)
  return { bytes, start: 0, end: bytes.length }
}

function selectRecords(records: RecordBytes, header: BatchHeader, filter: RecordFilter): KeptRecords {
  const kept: KeptRecords = { ranges: [], count: 0, maxTimestampMs: -1, hasTombstone: false }
  filter.prepare?.(new RecordCursor(records, header))
  const cursor = new RecordCursor(records, header)
  const isLogAppendTime = header.timestampType === 1
  let start = records.start
  let last: [number, number] | undefined
  while (cursor.next()) {
    const end = cursor.endPosition
    if (filter.keep(cursor)) {
      kept.count++
      if (cursor.valueLength < 0) kept.hasTombstone = true
      if (cursor.timestampMs > kept.maxTimestampMs) kept.maxTimestampMs = cursor.timestampMs
      if (last !== undefined && last[1] === start) last[1] = end
      else {
        last = [start, end]
        kept.ranges.push(last)
      }
    }
    start = end
  }
  if (isLogAppendTime) kept.maxTimestampMs = header.maxTimestampMs
  return kept
}

/** The kept records with their timestamps counted from another base. Rare: once for each batch with tombstones. */
function rebased(bytes: Buffer, kept: KeptRecords, header: BatchHeader, baseTimestampMs: number): Buffer {
  const parts: Buffer[] = []
  for (const [start, end] of kept.ranges) {
    const context = { ...header, recordCount: Number.MAX_SAFE_INTEGER }
    const cursor = new RecordCursor({ bytes, start, end }, context)
    for (let at = start; at < end; at = cursor.endPosition) {
      cursor.next()
      parts.push(
        withTimestampDelta(bytes.subarray(at, cursor.endPosition), cursor.timestampMs - baseTimestampMs),
      )
    }
  }
  return Buffer.concat(parts)
}

/** record := length:varint attributes:1 timestampDelta:varlong rest */
function withTimestampDelta(record: Buffer, timestampDelta: number): Buffer {
  const attributesAt = afterVarint(record, 0)
  const restAt = afterVarint(record, attributesAt + 1)
  const restBytes = record.length - restAt
  const bodyBytes = 1 + varlongSizeBytes(timestampDelta) + restBytes
  const changed = Buffer.allocUnsafe(varintSizeBytes(bodyBytes) + bodyBytes)
  let at = writeVarint(changed, 0, bodyBytes)
  changed[at++] = record[attributesAt] ?? 0
  at = writeVarlong(changed, at, timestampDelta)
  record.copy(changed, at, restAt)
  return changed
}

function afterVarint(bytes: Buffer, start: number): number {
  let at = start
  while ((bytes[at] ?? 0) >= 0x80) at++
  return at + 1
}
