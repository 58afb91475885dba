import type { ProducerRecord } from '@millrace/client'
import { CommandError } from '../command-error.ts'

/** Which fields of a line say something about the record. */
export interface LineFields {
  readonly keyField: string | undefined
  readonly timestampField: string | undefined
  readonly partition: number | undefined
}

/** Makes the record of a line: the value is the line as it is; key and time come from its fields. */
export function recordFromLine(line: Buffer, lineNumber: number, fields: LineFields): ProducerRecord {
  const { keyField, timestampField, partition } = fields
  const place = partition === undefined ? {} : { partition }
  if (keyField === undefined && timestampField === undefined) return { value: line, ...place }
  const parsed = parseObject(line, lineNumber)
  const key = keyField === undefined ? {} : { key: keyOf(parsed[keyField]) }
  if (timestampField === undefined) return { value: line, ...key, ...place }
  const timestampMs = timeOf(parsed[timestampField])
  if (timestampMs === null) {
    const seen = JSON.stringify(parsed[timestampField]) ?? 'nothing'
    throw new CommandError(
      `line ${lineNumber}: ${timestampField} is ${seen}: expected milliseconds or an ISO date`,
    )
  }
  return { value: line, timestampMs, ...key, ...place }
}

function parseObject(line: Buffer, lineNumber: number): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line.toString('utf8'))
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch {
    // Told below, with what is not an object either.
  }
  const text = line.toString('utf8')
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text
  throw new CommandError(`line ${lineNumber} is not a JSON object: ${shown}`)
}

/** A line without the field has no key. */
function keyOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isSafeInteger(time) && time >= 0 ? time : null
}
