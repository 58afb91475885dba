import { crc32c } from '@millrace/record-batch'

/**
 * What was true of a segment when it was sealed, synced before the next segment was created.
 *
 * Batch CRCs leave out base offset and leader epoch, and Kafka's index files carry no checksum at all, so damage
 * there would go unseen: the seal covers both. Written once, replaced by compaction only.
 *
 *   seal := magic:4 formatVersion:2 flags:2 baseOffset:8 nextOffset:8 sizeBytes:8 firstTimestampMs:8
 *           maxTimestampMs:8 offsetOfMaxTimestamp:8 sealedAtMs:8 headerCrc:4 offsetIndexCrc:4 timeIndexCrc:4 crc:4
 *
 *   flags      bit 0: offsets have gaps, because the segment was compacted
 *   headerCrc  CRC-32C over the first 21 bytes of each batch, in order: base offset, length, epoch, magic, CRC
 *   crc        CRC-32C over all that stands before it
 */
export interface SegmentSeal {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly sizeBytes: number
  readonly isCompacted: boolean
  /** -1 when the segment holds no batch. */
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  readonly offsetOfMaxTimestamp: number
  /** Wall-clock time: retention counts from it when the records have no times. */
  readonly sealedAtMs: number
  readonly headerCrc: number
  readonly offsetIndexCrc: number
  readonly timeIndexCrc: number
}

/** What of each batch goes into `headerCrc`. */
export const SEALED_HEADER_BYTES = 21

const MAGIC = 0x4d52_534c // MRSL
const FORMAT_VERSION = 1
const SEAL_BYTES = 80
const IS_COMPACTED = 1

export function encodeSegmentSeal(seal: SegmentSeal): Buffer {
  const bytes = Buffer.alloc(SEAL_BYTES)
  bytes.writeUInt32BE(MAGIC, 0)
  bytes.writeUInt16BE(FORMAT_VERSION, 4)
  bytes.writeUInt16BE(seal.isCompacted ? IS_COMPACTED : 0, 6)
  writeOffset(bytes, 8, seal.baseOffset)
  writeOffset(bytes, 16, seal.nextOffset)
  writeOffset(bytes, 24, seal.sizeBytes)
  writeOffset(bytes, 32, seal.firstTimestampMs)
  writeOffset(bytes, 40, seal.maxTimestampMs)
  writeOffset(bytes, 48, seal.offsetOfMaxTimestamp)
  writeOffset(bytes, 56, seal.sealedAtMs)
  bytes.writeUInt32BE(seal.headerCrc, 64)
  bytes.writeUInt32BE(seal.offsetIndexCrc, 68)
  bytes.writeUInt32BE(seal.timeIndexCrc, 72)
  bytes.writeUInt32BE(crc32c(bytes, 0, SEAL_BYTES - 4), SEAL_BYTES - 4)
  return bytes
}

/** Null when the bytes are not a whole, undamaged seal of a version that this code knows. */
export function decodeSegmentSeal(bytes: Buffer): SegmentSeal | null {
  if (bytes.length !== SEAL_BYTES || bytes.readUInt32BE(0) !== MAGIC) return null
  if (bytes.readUInt16BE(4) !== FORMAT_VERSION) return null
  if (bytes.readUInt32BE(SEAL_BYTES - 4) !== crc32c(bytes, 0, SEAL_BYTES - 4)) return null
  return {
    baseOffset: readOffset(bytes, 8),
    nextOffset: readOffset(bytes, 16),
    sizeBytes: readOffset(bytes, 24),
    isCompacted: (bytes.readUInt16BE(6) & IS_COMPACTED) !== 0,
    firstTimestampMs: readOffset(bytes, 32),
    maxTimestampMs: readOffset(bytes, 40),
    offsetOfMaxTimestamp: readOffset(bytes, 48),
    sealedAtMs: readOffset(bytes, 56),
    headerCrc: bytes.readUInt32BE(64),
    offsetIndexCrc: bytes.readUInt32BE(68),
    timeIndexCrc: bytes.readUInt32BE(72),
  }
}

function writeOffset(bytes: Buffer, at: number, value: number): void {
  bytes.writeBigInt64BE(BigInt(value), at)
}

function readOffset(bytes: Buffer, at: number): number {
  return Number(bytes.readBigInt64BE(at))
}
