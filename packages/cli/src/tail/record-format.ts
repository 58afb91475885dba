import type { ConsumerRecord } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { OutputBuffer } from '../output/output-buffer.ts'

/** Writes one record. */
export type RecordFormat = (record: ConsumerRecord, out: OutputBuffer) => void

const LINE_FEED = 0x0a

/** The value as it is, and a line feed. */
export const rawFormat: RecordFormat = ({ value }, out) => {
  if (value !== null) out.bytes(value)
  out.byte(LINE_FEED)
}

const FIELDS: Readonly<Record<string, RecordFormat>> = {
  t: ({ topic }, out) => out.text(topic),
  p: ({ partition }, out) => out.text(String(partition)),
  o: ({ offset }, out) => out.text(String(offset)),
  T: ({ timestampMs }, out) => out.text(String(timestampMs)),
  k: ({ key }, out) => writeBytes(key, out),
  v: ({ value }, out) => writeBytes(value, out),
  s: ({ value }, out) => writeBytes(value, out),
  h: (record, out) => writeHeaders(record, out),
  '%': (_record, out) => out.text('%'),
}

const ESCAPES: Readonly<Record<string, number>> = { n: 0x0a, t: 0x09, r: 0x0d, '0': 0, '\\': 0x5c }

/**
 * Reads a format of `-f`: fields with a percent sign, escapes with a backslash, all else as it is.
 * Nothing is added, no line feed either.
 */
export function parseFormat(text: string): RecordFormat {
  const pieces: RecordFormat[] = []
  const token = /%(.?)|\\(x[0-9a-fA-F]{2}|.?)|[^%\\]+/gsu
  for (const [whole, field, escaped] of text.matchAll(token)) {
    if (field !== undefined) pieces.push(fieldPiece(field))
    else if (escaped !== undefined) pieces.push(bytePiece(escaped))
    else pieces.push(literalPiece(whole))
  }
  return (record, out) => {
    for (const piece of pieces) piece(record, out)
  }
}

function fieldPiece(field: string): RecordFormat {
  const piece = FIELDS[field]
  if (piece !== undefined) return piece
  const known = Object.keys(FIELDS).map((name) => `%${name}`)
  throw new CommandError(`--format: there is no %${field}; there are ${known.join(' ')}`)
}

function bytePiece(escaped: string): RecordFormat {
  const byte = escaped.length === 3 ? Number.parseInt(escaped.slice(1), 16) : ESCAPES[escaped]
  if (byte === undefined) {
    throw new CommandError(`--format: there is no \\${escaped}; there are \\n \\t \\r \\0 \\\\ and \\xNN`)
  }
  return (_record, out) => out.byte(byte)
}

function literalPiece(text: string): RecordFormat {
  const bytes = Buffer.from(text)
  return (_record, out) => out.bytes(bytes)
}

function writeBytes(bytes: Buffer | null, out: OutputBuffer): void {
  if (bytes !== null) out.bytes(bytes)
}

/** `name=value,name=value`, as kcat writes them. */
function writeHeaders({ headers }: ConsumerRecord, out: OutputBuffer): void {
  for (const [index, { key, value }] of headers.entries()) {
    if (index > 0) out.text(',')
    out.text(`${key}=`)
    writeBytes(value, out)
  }
}
