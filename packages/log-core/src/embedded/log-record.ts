import type { LogRecord, RecordInput, ValueCodec } from '@millrace/record-batch'

/** A record to be appended. Left out: no key, no headers, the time of the append. */
export interface AppendRecord<Value, Key> {
  readonly value: Value | null
  readonly key?: Key | null
  /** In order; a name may come more than once. Values are kept as bytes, strings as UTF-8. */
  readonly headers?: readonly AppendHeader[]
  readonly timestampMs?: number
}

export interface AppendHeader {
  readonly name: string
  readonly value: Buffer | string | null
}

/** A record that was read. Everything in it is the reader's own. */
export interface StoredRecord<Value, Key> {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Key | null
  readonly value: Value | null
  readonly headers: readonly StoredHeader[]
}

export interface StoredHeader {
  readonly name: string
  readonly value: Buffer | null
}

/** How keys and values of one log become bytes and back. Null and empty ones are kept as they are. */
export interface RecordCodecs<Value, Key> {
  readonly value: ValueCodec<Value>
  readonly key: ValueCodec<Key>
}

export function encodeRecord<Value, Key>(
  record: AppendRecord<Value, Key>,
  codecs: RecordCodecs<Value, Key>,
  nowMs: number,
): RecordInput {
  const { key, value, headers, timestampMs } = record
  const encoded = {
    key: key === undefined || key === null ? null : codecs.key.encode(key),
    value: value === null ? null : codecs.value.encode(value),
    timestampMs: timestampMs ?? nowMs,
  }
  if (!Number.isSafeInteger(encoded.timestampMs)) {
    throw new RangeError(`timestampMs is ${encoded.timestampMs}; expected whole milliseconds since 1970`)
  }
  if (headers === undefined) return encoded
  return { ...encoded, headers: headers.map((header) => ({ key: header.name, value: header.value })) }
}

export function decodeRecord<Value, Key>(
  record: LogRecord,
  codecs: RecordCodecs<Value, Key>,
): StoredRecord<Value, Key> {
  const { offset, timestampMs, key, value, headers } = record
  return {
    offset,
    timestampMs,
    key: key === null ? null : codecs.key.decode(key),
    value: value === null ? null : codecs.value.decode(value),
    headers: headers.length === 0 ? NO_HEADERS : headers.map(decodeHeader),
  }
}

const NO_HEADERS: readonly StoredHeader[] = Object.freeze([])

/** Copied, because a view would keep the whole batch in memory. */
function decodeHeader(header: { key: string; value: Buffer | null }): StoredHeader {
  return { name: header.key, value: header.value === null ? null : Buffer.from(header.value) }
}
