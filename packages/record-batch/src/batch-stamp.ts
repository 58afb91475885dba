import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  type BatchHeader,
  batchSizeBytesAt,
  CRC_AT,
  LOG_APPEND_TIME_BIT,
  MAX_TIMESTAMP_AT,
  PARTITION_LEADER_EPOCH_AT,
  readBatchHeader,
  writeInt64,
} from './batch-header.ts'
import { crc32c } from './crc32c.ts'

/** Whether the stored CRC is that of the bytes. The whole batch (`sizeBytes`) must lie in the buffer. */
export function verifyBatchCrc(buffer: Buffer, position: number, sizeBytes: number): boolean {
  const stored = buffer.readUInt32BE(position + CRC_AT)
  return stored === crc32c(buffer, position + ATTRIBUTES_AT, position + sizeBytes)
}

/** What the broker puts into a batch as it enters the log. */
export interface BatchStamp {
  readonly baseOffset: number
  readonly partitionLeaderEpoch: number
}

/** Writes the stamp in place. Both fields lie before what the CRC covers, so it stays right. */
export function stampBatch(buffer: Buffer, position: number, stamp: BatchStamp): void {
  writeInt64(buffer, position + BASE_OFFSET_AT, stamp.baseOffset)
  buffer.writeInt32BE(stamp.partitionLeaderEpoch, position + PARTITION_LEADER_EPOCH_AT)
}

/**
 * Gives every record the broker's time, for topics with log append time: timestamp type, max timestamp
 * and CRC are rewritten in place.
 */
export function setLogAppendTime(buffer: Buffer, position: number, timestampMs: number): void {
  const attributes = buffer.readInt16BE(position + ATTRIBUTES_AT)
  rewriteTimestamps(buffer, position, attributes | LOG_APPEND_TIME_BIT, timestampMs)
}

/**
 * Corrects a header that does not say what the records do, as Kafka's LogValidator does: timestamp type,
 * max timestamp and CRC are rewritten in place. Time look-up relies on it, so a producer's word is not enough.
 *
 * Returns the header as it is now: the one that was read before must not go any further.
 */
export function setCreateTime(buffer: Buffer, position: number, maxTimestampMs: number): BatchHeader {
  const attributes = buffer.readInt16BE(position + ATTRIBUTES_AT)
  rewriteTimestamps(buffer, position, attributes & ~LOG_APPEND_TIME_BIT, maxTimestampMs)
  return readBatchHeader(buffer, position)
}

/** Computes the CRC of a batch that is otherwise complete, and stores it. */
export function writeBatchCrc(buffer: Buffer, position: number, sizeBytes: number): void {
  buffer.writeUInt32BE(crc32c(buffer, position + ATTRIBUTES_AT, position + sizeBytes), position + CRC_AT)
}

function rewriteTimestamps(
  buffer: Buffer,
  position: number,
  attributes: number,
  maxTimestampMs: number,
): void {
  buffer.writeInt16BE(attributes, position + ATTRIBUTES_AT)
  writeInt64(buffer, position + MAX_TIMESTAMP_AT, maxTimestampMs)
  writeBatchCrc(buffer, position, batchSizeBytesAt(buffer, position))
}
