import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  CorruptBatchError,
  readBatchHeader,
  verifyBatchCrc,
} from '@millrace/record-batch'
import { hasGoodCrc } from './piecewise-crc.ts'
import { type ByteSource, readChunk, ScanMemory } from './segment-scan.ts'

/** Where the format version lies in a batch: nearly every place that cannot be one is passed over by this byte alone. */
const MAGIC_AT = 16
const MAGIC = 2
const WINDOW_BYTES = 4 * 1024 * 1024

/** A whole batch with a matching CRC, somewhere among bytes that are not. */
export interface SalvagedBatch {
  readonly position: number
  readonly header: BatchHeader
}

/**
 * The first place from `from` on where a whole batch with a matching CRC and a base offset of at least `minOffset`
 * begins. Batches need not begin at any particular place, so every one is tried.
 */
export async function findGoodBatch(
  source: ByteSource,
  { from, minOffset }: { from: number; minOffset: number },
): Promise<SalvagedBatch | null> {
  const memory = new ScanMemory()
  for (let start = from; start + BATCH_HEADER_BYTES <= source.sizeBytes; start += WINDOW_BYTES) {
    const length = Math.min(WINDOW_BYTES + BATCH_HEADER_BYTES, source.sizeBytes - start)
    const bytes = await readChunk(source, memory, start, length)
    const last = Math.min(WINDOW_BYTES, bytes.length - BATCH_HEADER_BYTES + 1)
    for (let at = 0; at < last; at++) {
      if (bytes[at + MAGIC_AT] !== MAGIC) continue
      const header = headerAt(bytes, at)
      if (header === null || header.baseOffset < minOffset) continue
      if (header.sizeBytes > source.sizeBytes - start - at) continue
      if (await isGood(source, start + at, header, bytes.subarray(at)))
        return { position: start + at, header }
    }
  }
  return null
}

/** What lies in the window is checked there; a larger one piece by piece, since its length may be made up. */
function isGood(
  source: ByteSource,
  position: number,
  header: BatchHeader,
  bytes: Buffer,
): boolean | Promise<boolean> {
  const { sizeBytes } = header
  if (sizeBytes <= bytes.length) return verifyBatchCrc(bytes, 0, sizeBytes)
  return hasGoodCrc(source, position, sizeBytes)
}

function headerAt(bytes: Buffer, at: number): BatchHeader | null {
  try {
    return readBatchHeader(bytes, at)
  } catch (error) {
    if (error instanceof CorruptBatchError) return null
    throw error
  }
}
