import type { CompressionId } from './compression.ts'
import { CorruptBatchError } from './corrupt-batch-error.ts'

/**
 * Record batch, format version 2 (KIP-98; Kafka's DefaultRecordBatch). All integers are big-endian.
 *
 *   batch := baseOffset:8 batchLength:4 partitionLeaderEpoch:4 magic:1 crc:4
 *            attributes:2 lastOffsetDelta:4 baseTimestamp:8 maxTimestamp:8
 *            producerId:8 producerEpoch:2 baseSequence:4 recordCount:4 records
 *
 *   batchLength  bytes that follow the field itself, so 49 for a batch without records
 *   crc          CRC-32C from attributes to the end; what comes before can be stamped by the broker
 *   attributes   bits 0-2 compression, 3 timestamp type (1 = log append time), 4 transactional,
 *                5 control, 6 base timestamp is the delete horizon (KIP-534), others 0
 *   records      as in record.ts, compressed as a whole when the codec is not 0
 */
export const BATCH_HEADER_BYTES = 61

export const BASE_OFFSET_AT = 0
export const BATCH_LENGTH_AT = 8
export const PARTITION_LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const RECORD_COUNT_AT = 57

/** `batchLength` leaves out the base offset and itself. */
export const BYTES_BEFORE_LENGTH_COUNTS = 12

export const COMPRESSION_MASK = 0x07
export const LOG_APPEND_TIME_BIT = 0x08
export const TRANSACTIONAL_BIT = 0x10
export const CONTROL_BIT = 0x20
export const DELETE_HORIZON_BIT = 0x40

const HIGHEST_COMPRESSION_ID = 4
const TWO_TO_32 = 0x1_0000_0000

/** A batch header as numbers. Offsets are absolute; `position` in the buffer is not part of it. */
export interface BatchHeader {
  readonly baseOffset: number
  readonly batchLength: number
  /** The whole batch, header included: `batchLength + 12`. */
  readonly sizeBytes: number
  readonly partitionLeaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  readonly compression: CompressionId
  /** 0: the producer's create time. 1: the broker's append time, which then is `maxTimestampMs`. */
  readonly timestampType: 0 | 1
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** Then `baseTimestampMs` is the time from which compaction may drop the batch's tombstones. */
  readonly hasDeleteHorizon: boolean
  readonly lastOffsetDelta: number
  readonly lastOffset: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  /** -1 when the producer is not idempotent. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** At most `lastOffsetDelta + 1`: compaction removes records and keeps the offsets. */
  readonly recordCount: number
}

/**
 * Reads the header at `position`. The records need not be in the buffer yet.
 *
 * A timestamp outside the safe integers comes back as the nearest number: nothing structural hangs on it.
 *
 * @throws CorruptBatchError TRUNCATED, INVALID_LENGTH, UNSUPPORTED_MAGIC, UNSUPPORTED_COMPRESSION or OUT_OF_RANGE
 */
export function readBatchHeader(buffer: Buffer, position = 0): BatchHeader {
  const available = buffer.length - position
  if (position < 0 || available < BATCH_HEADER_BYTES) {
    throw new CorruptBatchError(
      'TRUNCATED',
      `a batch header has ${BATCH_HEADER_BYTES} bytes, found ${available}`,
    )
  }
  const batchLength = buffer.readInt32BE(position + BATCH_LENGTH_AT)
  if (batchLength < BATCH_HEADER_BYTES - BYTES_BEFORE_LENGTH_COUNTS) {
    throw new CorruptBatchError(
      'INVALID_LENGTH',
      `batch length ${batchLength} is below the header's own 49 bytes`,
    )
  }
  const magic = buffer.readInt8(position + MAGIC_AT)
  if (magic !== 2)
    throw new CorruptBatchError('UNSUPPORTED_MAGIC', `batch format version ${magic}, expected 2`)
  const attributes = buffer.readInt16BE(position + ATTRIBUTES_AT)
  const baseOffset = readInt64(buffer, position + BASE_OFFSET_AT)
  const lastOffsetDelta = buffer.readInt32BE(position + LAST_OFFSET_DELTA_AT)
  const header: BatchHeader = {
    baseOffset,
    batchLength,
    sizeBytes: batchLength + BYTES_BEFORE_LENGTH_COUNTS,
    partitionLeaderEpoch: buffer.readInt32BE(position + PARTITION_LEADER_EPOCH_AT),
    magic,
    crc: buffer.readUInt32BE(position + CRC_AT),
    attributes,
    compression: compressionOf(attributes),
    timestampType: (attributes & LOG_APPEND_TIME_BIT) === 0 ? 0 : 1,
    isTransactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
    hasDeleteHorizon: (attributes & DELETE_HORIZON_BIT) !== 0,
    lastOffsetDelta,
    lastOffset: baseOffset + lastOffsetDelta,
    baseTimestampMs: readInt64(buffer, position + BASE_TIMESTAMP_AT),
    maxTimestampMs: readInt64(buffer, position + MAX_TIMESTAMP_AT),
    producerId: readInt64(buffer, position + PRODUCER_ID_AT),
    producerEpoch: buffer.readInt16BE(position + PRODUCER_EPOCH_AT),
    baseSequence: buffer.readInt32BE(position + BASE_SEQUENCE_AT),
    recordCount: buffer.readInt32BE(position + RECORD_COUNT_AT),
  }
  checkRanges(header)
  return header
}

/** Only the size of the batch at `position`, header included. Needs its first 12 bytes, checks nothing. */
export function batchSizeBytesAt(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + BATCH_LENGTH_AT) + BYTES_BEFORE_LENGTH_COUNTS
}

/** Only the first offset of the batch at `position`. Needs its first 8 bytes, checks nothing. */
export function batchBaseOffsetAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + BASE_OFFSET_AT)
}

/** Only the last offset of the batch at `position`. Needs its first 27 bytes, checks nothing. */
export function batchLastOffsetAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + BASE_OFFSET_AT) + buffer.readInt32BE(position + LAST_OFFSET_DELTA_AT)
}

/** Only the highest timestamp of the batch at `position`. Needs its first 43 bytes, checks nothing. */
export function batchMaxTimestampAt(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + MAX_TIMESTAMP_AT)
}

/** Two 32-bit reads are three times as fast as a bigint. Rounded when it is no safe integer. */
export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * TWO_TO_32 + buffer.readUInt32BE(position + 4)
}

/** Writes a safe integer as int64. */
export function writeInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32)
  buffer.writeInt32BE(high, position)
  buffer.writeUInt32BE(value - high * TWO_TO_32, position + 4)
}

function compressionOf(attributes: number): CompressionId {
  const id = attributes & COMPRESSION_MASK
  if (id > HIGHEST_COMPRESSION_ID) {
    throw new CorruptBatchError('UNSUPPORTED_COMPRESSION', `compression codec ${id}, expected 0 to 4`)
  }
  return id as CompressionId // checked one line above
}

function checkRanges(header: BatchHeader): void {
  const { baseOffset, lastOffsetDelta, recordCount, producerId } = header
  if (baseOffset < 0 || !Number.isSafeInteger(baseOffset + lastOffsetDelta)) {
    throw new CorruptBatchError('OUT_OF_RANGE', `base offset ${baseOffset}, expected 0 to 2^53 - 1`)
  }
  if (lastOffsetDelta < 0) {
    throw new CorruptBatchError('OUT_OF_RANGE', `last offset delta ${lastOffsetDelta}, expected 0 or more`)
  }
  if (recordCount < 0) {
    throw new CorruptBatchError('OUT_OF_RANGE', `record count ${recordCount}, expected 0 or more`)
  }
  if (!Number.isSafeInteger(producerId)) {
    throw new CorruptBatchError('OUT_OF_RANGE', `producer id ${producerId} is beyond 2^53 - 1`)
  }
}
