import { isUtf8 } from 'node:buffer'
import type { ConsumerRecord } from '@millrace/client'
import type { LogRecord } from '@millrace/record-batch'
import type { RecordFormat } from './record-format.ts'

/**
 * One JSON object a line. Keys and values that are JSON objects or arrays stand there as such, other
 * text as a string, bytes that are no text as `{"base64": "..."}`.
 */
export const jsonFormat: RecordFormat = (record, out) => out.text(`${formatJson(record)}\n`)

/** The object of one record, without a line feed. */
export function formatJson(record: ConsumerRecord): string {
  const { topic, partition } = record
  return `{"topic":${JSON.stringify(topic)},"partition":${partition},${recordMembers(record)}}`
}

/** What of such an object does not say where the record is. */
export function recordMembers({ headers, key, offset, timestampMs, value }: LogRecord): string {
  const content = `"offset":${offset},"timestamp":${timestampMs},"key":${embed(key)},"value":${embed(value)}`
  if (headers.length === 0) return content
  const shown = headers.map(
    (header) => `{"key":${JSON.stringify(header.key)},"value":${embed(header.value)}}`,
  )
  return `${content},"headers":[${shown.join(',')}]`
}

function embed(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  if (!isUtf8(bytes)) return `{"base64":"${bytes.toString('base64')}"}`
  const text = bytes.toString('utf8')
  const first = text.trimStart()[0]
  return (first === '{' || first === '[' ? asJson(text) : null) ?? JSON.stringify(text)
}

/** The text itself where it is JSON on one line, so that its numbers keep their digits. */
function asJson(text: string): string | null {
  try {
    JSON.parse(text)
    // Within a text a line break would be escaped: these stand between its parts, and mean nothing.
    return text.replaceAll(/[\n\r]\s*/g, '')
  } catch {
    return null
  }
}
