import { strict as assert } from 'node:assert'
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BYTES_BEFORE_LENGTH_COUNTS,
  CONTROL_BIT,
  LAST_OFFSET_DELTA_AT,
  LOG_APPEND_TIME_BIT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PARTITION_LEADER_EPOCH_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  TRANSACTIONAL_BIT,
  writeInt64,
} from './batch-header.ts'
import { writeBatchCrc } from './batch-stamp.ts'
import { type CompressionId, compress } from './compression.ts'
import type { RecordInput } from './record.ts'
import { recordSizeBytes, recordUpperBoundBytes, writeRecord } from './record-writer.ts'
import { NOT_SMALL, writeSmallRecord } from './small-record-writer.ts'

/** What the header says besides the records. Left out: offset 0, no compression, no producer id. */
export interface BatchFields {
  readonly baseOffset?: number
  readonly compression?: CompressionId
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly partitionLeaderEpoch?: number
  readonly timestampType?: 0 | 1
}

const MAGIC = 2
const DEFAULT_CAPACITY_BYTES = 4096

/**
 * Builds a batch record by record, each written at once in wire form into one growing buffer.
 *
 * The size is known all along, so a caller can close the batch before it grows too large. A builder
 * can be used again after `finish`.
 */
export class BatchBuilder {
  #buffer: Buffer
  #position = BATCH_HEADER_BYTES
  #recordCount = 0
  #baseTimestampMs = -1
  #maxTimestampMs = -1

  /** `capacityBytes` is what is allocated at first; a good guess saves the copies of growing. */
  constructor(capacityBytes = DEFAULT_CAPACITY_BYTES) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacityBytes, BATCH_HEADER_BYTES))
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** Header and records before compression. */
  get sizeBytes(): number {
    return this.#position
  }

  /** What `sizeBytes` would be with this record as well, exactly. */
  sizeBytesWith(record: RecordInput): number {
    return this.#position + recordSizeBytes(record, this.#placeOf(record))
  }

  /** Appends a record. Its bytes are copied, so the caller may use its buffers again. */
  append(record: RecordInput): void {
    this.#position = this.#write(record)
    this.#count(record.timestampMs)
  }

  /** As `append`, unless the batch would then be larger than `maxBytes`: false, and nothing has changed. */
  tryAppend(record: RecordInput, maxBytes: number): boolean {
    const end = this.#write(record)
    if (end > maxBytes) return false
    this.#position = end
    this.#count(record.timestampMs)
    return true
  }

  /**
   * Completes the batch with header and CRC, and starts an empty one. The result is the caller's.
   * A batch without records is not a batch: assert that there is one.
   */
  finish(fields: BatchFields = {}): Buffer {
    assert(this.#recordCount > 0)
    const compression = fields.compression ?? 0
    const batch = compression === 0 ? this.#takeBuffer() : this.#compressed(compression)
    this.#writeHeader(batch, fields)
    this.#recordCount = 0
    this.#position = BATCH_HEADER_BYTES
    return batch
  }

  /** Forgets the records appended so far. */
  clear(): void {
    this.#recordCount = 0
    this.#position = BATCH_HEADER_BYTES
  }

  /** Writes the record behind the last one and returns where it ends; it does not count yet. */
  #write(record: RecordInput): number {
    const offsetDelta = this.#recordCount
    const timestampDelta = offsetDelta === 0 ? 0 : record.timestampMs - this.#baseTimestampMs
    if (isBytesOnly(record)) {
      const end = writeSmallRecord(this.#buffer, this.#position, record, offsetDelta, timestampDelta)
      if (end !== NOT_SMALL) return end
    }
    this.#reserve(recordUpperBoundBytes(record))
    return writeRecord(this.#buffer, this.#position, record, { offsetDelta, timestampDelta })
  }

  #placeOf(record: RecordInput): { offsetDelta: number; timestampDelta: number } {
    const base = this.#recordCount === 0 ? record.timestampMs : this.#baseTimestampMs
    return { offsetDelta: this.#recordCount, timestampDelta: record.timestampMs - base }
  }

  #count(timestampMs: number): void {
    if (this.#recordCount === 0) {
      this.#baseTimestampMs = timestampMs
      this.#maxTimestampMs = timestampMs
    } else if (timestampMs > this.#maxTimestampMs) {
      this.#maxTimestampMs = timestampMs
    }
    this.#recordCount++
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#position)
    this.#buffer = larger
  }

  /** A full buffer becomes the batch itself, and the next one gets another of its size; a small batch is copied out. */
  #takeBuffer(): Buffer {
    const batch = this.#buffer.subarray(0, this.#position)
    // Else a lone record behind a burst would hold, and cost, a buffer of the size that the burst needed.
    if (this.#position < this.#buffer.length / 4) return Buffer.from(batch)
    this.#buffer = Buffer.allocUnsafeSlow(this.#buffer.length)
    return batch
  }

  #compressed(compression: CompressionId): Buffer {
    const records = compress(compression, this.#buffer.subarray(BATCH_HEADER_BYTES, this.#position))
    const batch = Buffer.allocUnsafeSlow(BATCH_HEADER_BYTES + records.length)
    records.copy(batch, BATCH_HEADER_BYTES)
    return batch
  }

  #writeHeader(batch: Buffer, fields: BatchFields): void {
    writeInt64(batch, BASE_OFFSET_AT, fields.baseOffset ?? 0)
    batch.writeInt32BE(batch.length - BYTES_BEFORE_LENGTH_COUNTS, BATCH_LENGTH_AT)
    batch.writeInt32BE(fields.partitionLeaderEpoch ?? -1, PARTITION_LEADER_EPOCH_AT)
    batch.writeInt8(MAGIC, MAGIC_AT)
    batch.writeInt16BE(attributesOf(fields), ATTRIBUTES_AT)
    batch.writeInt32BE(this.#recordCount - 1, LAST_OFFSET_DELTA_AT)
    writeInt64(batch, BASE_TIMESTAMP_AT, this.#baseTimestampMs)
    writeInt64(batch, MAX_TIMESTAMP_AT, this.#maxTimestampMs)
    writeInt64(batch, PRODUCER_ID_AT, fields.producerId ?? -1)
    batch.writeInt16BE(fields.producerEpoch ?? -1, PRODUCER_EPOCH_AT)
    batch.writeInt32BE(fields.baseSequence ?? -1, BASE_SEQUENCE_AT)
    batch.writeInt32BE(this.#recordCount, RECORD_COUNT_AT)
    writeBatchCrc(batch, 0, batch.length)
  }
}

/** Builds a batch of these records, of which there must be at least one. */
export function buildBatch(records: readonly RecordInput[], fields: BatchFields = {}): Buffer {
  let capacityBytes = BATCH_HEADER_BYTES
  for (const record of records) capacityBytes += recordUpperBoundBytes(record)
  const builder = new BatchBuilder(capacityBytes)
  for (const record of records) builder.append(record)
  return builder.finish(fields)
}

function isBytesOnly(record: RecordInput): record is BytesRecordInput {
  const { key, value, headers } = record
  return headers === undefined && typeof key !== 'string' && typeof value !== 'string'
}

type BytesRecordInput = RecordInput & { readonly key: Buffer | null; readonly value: Buffer | null }

function attributesOf(fields: BatchFields): number {
  return (
    (fields.compression ?? 0) |
    (fields.timestampType === 1 ? LOG_APPEND_TIME_BIT : 0) |
    (fields.isTransactional === true ? TRANSACTIONAL_BIT : 0) |
    (fields.isControl === true ? CONTROL_BIT : 0)
  )
}
