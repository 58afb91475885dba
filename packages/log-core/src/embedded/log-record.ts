import { decodeRange, type RecordCursor, type RecordInput, type ValueCodec } from '@millrace/record-batch'
import { InvalidRequestError } from './invalid-request-error.ts'
import { shown } from './option-check.ts'
import type { OwnedCopies } from './owned-copies.ts'
import { checkHeaders, checkRecord, isBytes, noBytes, unencodable } from './record-check.ts'

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

/** Throws InvalidRequestError for what is no record, by the field, and for what a codec refuses. */
export function encodeRecord<Value, Key>(
  record: AppendRecord<Value, Key>,
  codecs: RecordCodecs<Value, Key>,
  place: { nowMs: number; path: string },
): RecordInput {
  try {
    return encode(record, codecs, place)
  } catch (error) {
    if (error instanceof InvalidRequestError) throw error
    throw unencodable(place.path, isRefused(codecs.key, record.key) ? 'key' : 'value', { record, error })
  }
}

/** Apart from what catches: in there it takes a tenth longer. */
function encode<Value, Key>(
  record: AppendRecord<Value, Key>,
  codecs: RecordCodecs<Value, Key>,
  { nowMs, path }: { nowMs: number; path: string },
): RecordInput {
  checkRecord(path, record)
  const { key, value, headers, timestampMs } = record
  const encoded = {
    key: key === undefined || key === null ? null : codecs.key.encode(key),
    value: value === null ? null : codecs.value.encode(value),
    timestampMs: timestampMs ?? nowMs,
  }
  if (encoded.key !== null && !isBytes(encoded.key)) throw noBytes(path, 'key', key)
  if (encoded.value !== null && !isBytes(encoded.value)) throw noBytes(path, 'value', value)
  checkTimestamp(encoded.timestampMs, path)
  if (headers === undefined) return encoded
  checkHeaders(path, headers)
  return { ...encoded, headers: headers.map((header) => ({ key: header.name, value: header.value })) }
}

/** Which of a record's codecs has thrown is found out afterwards: to note it for every record would cost. */
function isRefused<T>(codec: ValueCodec<T>, field: T | null | undefined): boolean {
  try {
    if (field !== null && field !== undefined) codec.encode(field)
    return false
  } catch {
    return true
  }
}

/** 9999-12-31T23:59:59.999Z: what other readers of the format can still print. */
const LAST_TIMESTAMP_MS = 253_402_300_799_999

function checkTimestamp(timestampMs: number, path: string): void {
  if (Number.isInteger(timestampMs) && timestampMs >= 0 && timestampMs <= LAST_TIMESTAMP_MS) return
  const expected = 'whole milliseconds since 1970, before the year 10000'
  throw new InvalidRequestError(
    'INVALID_TIMESTAMP',
    path,
    `timestampMs is ${shown(timestampMs)}; expected ${expected}`,
  )
}

/**
 * The record at which the cursor stands. Its batch may have been stamped with one time for all of its records;
 * `logAppendTimeMs` is null when it was not.
 */
export function decodeRecord<Value, Key>(
  cursor: RecordCursor,
  codecs: RecordCodecs<Value, Key>,
  { logAppendTimeMs, copies }: { logAppendTimeMs: number | null; copies: OwnedCopies },
): StoredRecord<Value, Key> {
  const { bytes, keyStart, keyLength, valueStart, valueLength } = cursor
  return {
    offset: cursor.offset,
    timestampMs: logAppendTimeMs ?? cursor.timestampMs,
    key: keyLength < 0 ? null : decodeField(codecs.key, copies, bytes, keyStart, keyLength),
    value: valueLength < 0 ? null : decodeField(codecs.value, copies, bytes, valueStart, valueLength),
    headers: cursor.headerCount === 0 ? NO_HEADERS : cursor.headers().map(decodeHeader),
  }
}

/** Called for each field of each record: an object for start and length would cost as much as the field. */
function decodeField<T>(
  codec: ValueCodec<T>,
  copies: OwnedCopies,
  bytes: Buffer,
  start: number,
  length: number,
): T {
  if (codec.decodeOwned === undefined) return decodeRange(codec, bytes, start, start + length)
  return codec.decodeOwned(copies.take(bytes, start, start + length))
}

const NO_HEADERS: readonly StoredHeader[] = Object.freeze([])

/** Copied, because a view would keep the whole batch in memory. */
function decodeHeader(header: { key: string; value: Buffer | null }): StoredHeader {
  return { name: header.key, value: header.value === null ? null : Buffer.from(header.value) }
}
