import { unknownRecordField } from '@millrace/record-batch'
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
export function recordProblem(record: ProducerRecord): ClientError | null {
  if (!isRecord(record)) return noRecord(record)
  const { key, value, headers, timestampMs, partition } = record
  if (!(key === undefined || isBytes(key))) return invalid('key', key, 'a string, bytes or null')
  // Left out it is more likely misspelt than meant as a tombstone.
  if (value === undefined) return invalid('value', value, 'a string, bytes, or null for a tombstone')
  if (!isBytes(value)) return invalid('value', value, 'a string, bytes or null')
  if (!(timestampMs === undefined || Number.isSafeInteger(timestampMs)))
    return invalid('timestampMs', timestampMs, 'whole milliseconds')
  if (!(partition === undefined || Number.isSafeInteger(partition)))
    return invalid('partition', partition, 'the number of a partition')
  const unknown = unknownRecordField(record, isOfProducer)
  if (unknown !== null)
    return new ClientError('INVALID_RECORD', `a record has no field "${unknown}"; it has ${FIELDS}`)
  return headers === undefined ? null : headerProblem(headers)
}

const FIELDS = 'key, value, headers, timestampMs, partition'

/** A record that was read may be sent on as it is, with its topic. */
function isOfProducer(name: string): boolean {
  return name === 'partition' || name === 'topic'
}

/** The error for what is no record at all. */
export function noRecord(given: unknown): ClientError {
  return invalid('record', given, 'an object with a value')
}

/** Whether it has fields that can be looked at. */
export function isRecord(given: unknown): given is object {
  return typeof given === 'object' && given !== null
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
  return typeof field === 'string' || field instanceof Uint8Array || field === null
}

function invalid(field: string, given: unknown, expected: string): ClientError {
  return new ClientError('INVALID_RECORD', `${field}: got ${show(given)}, expected ${expected}`)
}
