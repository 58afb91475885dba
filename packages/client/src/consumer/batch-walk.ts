import {
  BATCH_HEADER_BYTES,
  batchLastOffsetAt,
  batchSizeBytesAt,
  CorruptBatchError,
} from '@millrace/record-batch'

/** The whole batches at the beginning of what was fetched. */
export interface WalkedBatches {
  /** Where the last whole batch ends. */
  readonly sizeBytes: number
  /** The offset behind it. */
  readonly nextOffset: number
  /** The leader epoch under which the last of them was written. */
  readonly lastEpoch: number
}

/** Behind base offset and batch length: see record-batch's batch-header.ts. */
const LEADER_EPOCH_AT = 12

/**
 * Finds how far whole batches reach, from their headers alone. A batch cut off at the end is legal
 * (trap 12). Batches must lead beyond `fetchOffset`, or a reader would ask for the same bytes for ever.
 */
export function walkBatches(records: Buffer, fetchOffset: number): WalkedBatches {
  let position = 0
  let nextOffset = fetchOffset
  let lastEpoch = -1
  while (records.length - position >= BATCH_HEADER_BYTES) {
    const sizeBytes = batchSizeBytesAt(records, position)
    if (sizeBytes < BATCH_HEADER_BYTES) {
      throw new CorruptBatchError(
        'INVALID_LENGTH',
        `a batch of ${sizeBytes} bytes behind offset ${nextOffset}`,
      )
    }
    if (sizeBytes > records.length - position) break
    const lastOffset = batchLastOffsetAt(records, position)
    if (!Number.isSafeInteger(lastOffset) || lastOffset + 1 < nextOffset) {
      const seen = `a batch that ends at ${lastOffset} where offset ${nextOffset} was expected`
      // The first batch may hold the offset asked for in its middle, never lie before it.
      throw new CorruptBatchError('OUT_OF_RANGE', seen)
    }
    nextOffset = lastOffset + 1
    lastEpoch = records.readInt32BE(position + LEADER_EPOCH_AT)
    position += sizeBytes
  }
  if (position === 0) throw new CorruptBatchError('TRUNCATED', `no whole batch at offset ${fetchOffset}`)
  return { sizeBytes: position, nextOffset, lastEpoch }
}
