/**
 * One record inside a batch (KIP-98; Kafka's DefaultRecord). Varints as in varint.ts.
 *
 *   record := length:varint attributes:1 timestampDelta:varlong offsetDelta:varint
 *             keyLength:varint key valueLength:varint value headerCount:varint header*
 *   header := keyLength:varint key valueLength:varint value
 *
 *   length          bytes of the record after this field
 *   attributes      unused, 0
 *   keyLength, valueLength   -1 for null; a header's key is UTF-8 and never null
 */
export const MIN_RECORD_BYTES = 7

/** A header as read: the value is a view of the batch. */
export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** A record to be written. Strings are encoded as UTF-8 straight into the batch. */
export interface RecordInput {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly RecordHeaderInput[]
  readonly timestampMs: number
}

/** A header to be written. */
export interface RecordHeaderInput {
  readonly key: string
  readonly value: Buffer | string | null
}

/** A record as read. Buffers are views of the batch: copy what outlives it. */
export interface LogRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** Shared by all records without headers, which are nearly all. */
export const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])
