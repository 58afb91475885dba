/** What is wrong with a batch. Closed list: callers switch on it. */
export type BatchErrorCode =
  /** The bytes end before the structure does. */
  | 'TRUNCATED'
  /** The batch length field is smaller than a header or reaches beyond what a batch may be. */
  | 'INVALID_LENGTH'
  /** The format version is not 2. */
  | 'UNSUPPORTED_MAGIC'
  /** The compression bits name a codec that Kafka has not defined, or one that this installation lacks. */
  | 'UNSUPPORTED_COMPRESSION'
  /** An offset, id or count has a value that no writer produces. */
  | 'OUT_OF_RANGE'
  /** The stored CRC-32C differs from that of the bytes. */
  | 'CRC_MISMATCH'
  /** A record's own lengths contradict each other. */
  | 'INVALID_RECORD'
  /** The header claims another number of records than the batch holds. */
  | 'COUNT_MISMATCH'
  /** The compressed bytes do not decompress. */
  | 'INVALID_COMPRESSED_DATA'
  /** The contents would be larger than the caller allows. */
  | 'TOO_LARGE'

/**
 * Bytes that are not the record batch they claim to be.
 *
 * The fault lies with whoever wrote or damaged the bytes, so the caller decides what it means: a
 * rejected produce request, a partition that recovery refuses, a fetch to be repeated.
 */
export class CorruptBatchError extends Error {
  readonly code: BatchErrorCode

  constructor(code: BatchErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'CorruptBatchError'
    this.code = code
  }
}
