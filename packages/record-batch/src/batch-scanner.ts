import { BATCH_HEADER_BYTES, type BatchHeader, readBatchHeader } from './batch-header.ts'

/** One whole batch in a buffer: it fills `[position, position + header.sizeBytes)`. */
export interface ScannedBatch {
  readonly position: number
  readonly header: BatchHeader
}

/**
 * Yields the whole batches of `buffer[start, end)` in order, from headers alone: neither the CRC is
 * checked nor is anything decompressed.
 *
 * Stops at a batch that is cut off, which is legal at the end of a fetch and of a segment after a
 * crash; the caller compares where the last batch ended with what it expected.
 *
 * @throws CorruptBatchError at a header that cannot be right
 */
export function* scanBatches(
  buffer: Buffer,
  start = 0,
  end = buffer.length,
): Generator<ScannedBatch, void, void> {
  let position = start
  while (end - position >= BATCH_HEADER_BYTES) {
    const header = readBatchHeader(buffer, position)
    if (header.sizeBytes > end - position) return
    yield { position, header }
    position += header.sizeBytes
  }
}
