import { ClientError } from '../client-error.ts'
import { invalidOption, show } from '../option-check.ts'
import type { ProducerRecord } from './producer-record.ts'

/** Refuses what is no array, before anything of it is sent. */
export function checkRecords(records: readonly unknown[]): void {
  if (!Array.isArray(records)) throw invalidOption('records', records, 'an array of records')
}

/**
 * Why a record cannot be sent, or null. Programs without types send objects without a codec, or headers as another
 * client has them: that is to be told by the field, before anything of the record is in a batch.
 */
export function recordProblem(record: ProducerRecord, timestampMs: number): ClientError | null {
  if (typeof record !== 'object') return invalid('record', record, 'an object with a value')
  const { key, value, headers } = record
  if (!isBytes(key)) return invalid('key', key, 'a string, bytes or null')
  if (!isBytes(value)) return invalid('value', value, 'a string, bytes or null')
  if (!Number.isSafeInteger(timestampMs)) return invalid('timestampMs', timestampMs, 'whole milliseconds')
  return headers === undefined ? null : headerProblem(headers)
}

function headerProblem(headers: NonNullable<ProducerRecord['headers']>): ClientError | null {
  if (!Array.isArray(headers)) return invalid('headers', headers, 'an array of { key, value }')
  for (const header of headers) {
    if (typeof header?.key !== 'string') return invalid('headers', header, 'an array of { key, value }')
    if (!isBytes(header.value))
      return invalid(`header "${header.key}"`, header.value, 'a string, bytes or null')
  }
  return null
}

function isBytes(field: unknown): boolean {
  return typeof field === 'string' || field instanceof Uint8Array || field === null || field === undefined
}

function invalid(field: string, given: unknown, expected: string): ClientError {
  return new ClientError('INVALID_RECORD', `${field}: got ${show(given)}, expected ${expected}`)
}
