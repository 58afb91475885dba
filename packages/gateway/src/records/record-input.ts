import type { ProducerRecord } from '@millrace/client'
import { badRequest } from '../http/http-error.ts'
import { JsonFields } from '../http/json-fields.ts'
import { readTime } from '../http/query.ts'
import { base64Of } from './record-format.ts'

/** `topic` and `offset` are read over, so that what was read can be sent again as it is. */
const RECORD_FIELDS = ['key', 'value', 'headers', 'timestamp', 'partition', 'topic', 'offset']
const HEADER_FIELDS = ['key', 'value']
const MAX_PARTITION = 2 ** 31 - 1

/**
 * A record as it comes from outside. A key or value that is a string is that text, `{"base64": "..."}` those bytes, null
 * none, and anything else its JSON. Throws 400, naming `what`.
 */
export function readRecord(what: string, given: unknown, maxHeaders: number): ProducerRecord {
  const fields = new JsonFields(what, given, RECORD_FIELDS)
  const partition = fields.integer('partition', 0, MAX_PARTITION)
  const timestamp = fields.value('timestamp')
  const headers = fields.list('headers')
  if (headers !== undefined && headers.length > maxHeaders) {
    throw badRequest(`${what}: ${headers.length} headers, and ${maxHeaders} are allowed`)
  }
  return {
    key: readBytes(what, fields.value('key')),
    value: readBytes(what, fields.value('value')),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestampMs: readTime(`${what}: timestamp`, timestamp) }),
    ...(headers === undefined ? {} : { headers: headers.map((header) => readHeader(what, header)) }),
  }
}

function readHeader(what: string, given: unknown): { key: string; value: Buffer | null } {
  const fields = new JsonFields(`${what}: header`, given, HEADER_FIELDS)
  const value = readBytes(what, fields.value('value'))
  return { key: fields.text('key') ?? '', value: typeof value === 'string' ? Buffer.from(value) : value }
}

function readBytes(what: string, given: unknown): Buffer | string | null {
  if (given === undefined || given === null) return null
  if (typeof given === 'string') return given
  const base64 = base64Of(given)
  if (base64 === null) return JSON.stringify(given)
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 === 1) {
    throw badRequest(`${what}: base64 that is none`)
  }
  return Buffer.from(base64, 'base64')
}
