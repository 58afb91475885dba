import { BATCH_HEADER_BYTES, crc32c } from '@millrace/record-batch'
import { type ByteSource, readChunk, ScanMemory } from './segment-scan.ts'

/** Where the checksum of a batch lies, and where the bytes begin that it covers. */
const CRC_AT = 17
const CRC_COVERS_FROM = 21
const PIECE_BYTES = 1024 * 1024

/**
 * Whether the batch at `position` has the CRC that it claims, without holding more than a piece of it: a damaged
 * length may claim all the rest of a segment.
 */
export async function hasGoodCrc(source: ByteSource, position: number, sizeBytes: number): Promise<boolean> {
  if (position + sizeBytes > source.sizeBytes) return false
  const memory = new ScanMemory()
  const header = await readChunk(source, memory, position, BATCH_HEADER_BYTES)
  if (header.length < BATCH_HEADER_BYTES) return false
  const expected = header.readUInt32BE(CRC_AT)
  let checksum = 0
  for (let at = CRC_COVERS_FROM; at < sizeBytes; ) {
    const piece = await readChunk(source, memory, position + at, Math.min(PIECE_BYTES, sizeBytes - at))
    if (piece.length === 0) return false
    checksum = crc32c(piece, 0, piece.length, checksum)
    at += piece.length
  }
  return checksum === expected
}
