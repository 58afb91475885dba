import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BYTES_BEFORE_LENGTH_COUNTS,
  COMPRESSION_MASK,
} from './batch-header.ts'
import { writeBatchCrc } from './batch-stamp.ts'
import { type CompressionId, type CompressionLevels, compressAsync } from './compression.ts'

/** With which codec a batch is to be kept. */
export interface RecompressionTarget {
  readonly compression: CompressionId
  readonly levels?: CompressionLevels
}

/**
 * The same batch with its records under another codec, in a buffer of its own. `records` are its records,
 * decompressed: what validation found. Only length, codec and CRC differ. Off the event loop where the codec allows it.
 */
export async function recompressBatch(
  batch: Buffer,
  records: Buffer,
  { compression, levels }: RecompressionTarget,
): Promise<Buffer> {
  const payload = await compressAsync(compression, records, levels)
  const sizeBytes = BATCH_HEADER_BYTES + payload.length
  const recompressed = Buffer.allocUnsafeSlow(sizeBytes)
  batch.copy(recompressed, 0, 0, BATCH_HEADER_BYTES)
  payload.copy(recompressed, BATCH_HEADER_BYTES)
  recompressed.writeInt32BE(sizeBytes - BYTES_BEFORE_LENGTH_COUNTS, BATCH_LENGTH_AT)
  const attributes = recompressed.readInt16BE(ATTRIBUTES_AT)
  recompressed.writeInt16BE((attributes & ~COMPRESSION_MASK) | compression, ATTRIBUTES_AT)
  writeBatchCrc(recompressed, 0, sizeBytes)
  return recompressed
}
