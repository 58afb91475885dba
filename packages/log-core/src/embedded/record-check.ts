import { Buffer } from 'node:buffer'
import { unknownRecordField } from '@millrace/record-batch'
import { InvalidRequestError } from './invalid-request-error.ts'
import { isObject, shown } from './option-check.ts'

const HEADERS = 'an array of { name, value }'
const BYTES = 'a Buffer, a string or null'

/** Refuses what is no record, by the field: programs without types pass anything. */
export function checkRecord(path: string, record: { readonly value?: unknown }): void {
  if (typeof record !== 'object' || record === null)
    throw invalid(path, 'record', { given: record, expected: 'an object with a value' })
  // Left out it is more likely misspelt than meant as a tombstone.
  if (record.value === undefined)
    throw invalid(path, 'value', { given: undefined, expected: 'a value, or null for a tombstone' })
  const unknown = unknownRecordField(record, isNone)
  if (unknown === null) return
  const message = `a record has no field "${unknown}"; it has ${FIELDS}`
  throw new InvalidRequestError('INVALID_RECORD', path, message)
}

const FIELDS = 'value, key, headers, timestampMs'

function isNone(): boolean {
  return false
}

/** Refuses headers as another client has them. */
export function checkHeaders(
  path: string,
  headers: readonly { readonly name: unknown; readonly value: unknown }[],
): void {
  if (!Array.isArray(headers)) throw invalid(path, 'headers', { given: headers, expected: HEADERS })
  for (const header of headers) {
    if (!isObject(header) || typeof header.name !== 'string')
      throw invalid(path, 'headers', { given: header, expected: HEADERS })
    const { value } = header
    if (value !== null && !isBytes(value))
      throw invalid(path, `header "${header.name}"`, { given: value, expected: BYTES })
  }
}

/** Refuses what is no array of records, before anything of it is appended. */
export function checkRecords(path: string, records: readonly unknown[]): void {
  if (Array.isArray(records) && records.length > 0) return
  throw invalid(path, 'records', { given: records, expected: 'an array of one record or more' })
}

/** Refuses what gives no records. Text gives its characters. */
export function checkSource(path: string, records: object): void {
  if (isObject(records) && (Symbol.asyncIterator in records || Symbol.iterator in records)) return
  throw invalid(path, 'records', { given: records, expected: 'an iterable of records' })
}

/** What a batch can hold. Text is taken for its UTF-8. For every record: the global `Buffer` would be a getter. */
export function isBytes(field: unknown): boolean {
  return field instanceof Buffer || typeof field === 'string'
}

/** The error for a key or a value that its codec refuses. */
export function unencodable(
  path: string,
  name: 'key' | 'value',
  { record, error }: { record: { readonly key?: unknown; readonly value: unknown }; error: unknown },
): InvalidRequestError {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `${name}: got ${shown(record[name])}, which its codec refuses: ${reason}`
  return new InvalidRequestError('INVALID_RECORD', path, message, { cause: error })
}

/** The error for a key or a value that its codec takes, and makes no bytes of. */
export function noBytes(path: string, name: string, given: unknown): InvalidRequestError {
  return invalid(path, name, { given, expected: 'what its codec makes a Buffer of' })
}

function invalid(
  path: string,
  name: string,
  { given, expected }: { given: unknown; expected: string },
): InvalidRequestError {
  return new InvalidRequestError('INVALID_RECORD', path, `${name}: got ${shown(given)}, expected ${expected}`)
}
