import { isUtf8 } from 'node:buffer'
import type { ConsumerRecord } from '@millrace/client'

/**
 * One record as JSON, as `millrace tail -o json` has it. Keys and values that are JSON objects or arrays stand there
 * as such, other text as a string, bytes that are no text as `{"base64": "..."}`. `readRecord` takes it back.
 */
export function formatRecord(record: ConsumerRecord): string {
  const { topic, partition, offset, timestampMs, key, value, headers } = record
  const start = `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`
  const content = `"timestamp":${timestampMs},"key":${embed(key)},"value":${embed(value)}`
  if (headers.length === 0) return `${start},${content}}`
  const shown = headers.map(
    (header) => `{"key":${JSON.stringify(header.key)},"value":${embed(header.value)}}`,
  )
  return `${start},${content},"headers":[${shown.join(',')}]}`
}

function embed(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  if (!isUtf8(bytes)) return base64(bytes)
  const text = bytes.toString('utf8')
  const first = text.trimStart()[0]
  const json = first === '{' || first === '[' ? asJson(text) : null
  if (json === 'looks like bytes') return base64(bytes)
  return json ?? JSON.stringify(text)
}

function base64(bytes: Buffer): string {
  return `{"base64":"${bytes.toString('base64')}"}`
}

/** The text itself where it is JSON on one line, so that its numbers keep their digits. */
function asJson(text: string): string | null {
  try {
    const parsed: unknown = JSON.parse(text)
    // What reads as bytes would come back as other bytes.
    if (base64Of(parsed) !== null) return 'looks like bytes'
    // Within a text a line break would be escaped: these stand between its parts, and mean nothing.
    return text.replaceAll(/[\n\r]\s*/g, '')
  } catch {
    return null
  }
}

/** The text of `{"base64": "..."}`, or null for every other value. */
export function base64Of(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return null
  return typeof value.base64 === 'string' && Object.keys(value).length === 1 ? value.base64 : null
}
