import type { RecordHeaderInput, RecordInput } from './record.ts'
import { varintSizeBytes, varlongSizeBytes, writeVarint, writeVarlong } from './varint.ts'

/** A record's place in its batch. */
export interface RecordPlace {
  readonly offsetDelta: number
  readonly timestampDelta: number
}

/** One UTF-16 unit takes at most three bytes of UTF-8; surrogate pairs take four for two. */
const MAX_UTF8_BYTES_PER_UNIT = 3
const MAX_VARINT_BYTES = 5
/** Length, attributes, timestamp delta, offset delta and header count at their largest. */
const MAX_FIXED_BYTES = 5 + 1 + 10 + 5 + 5
/** Up to this length a loop over the characters is faster than a native call. */
const LOOP_UP_TO_UNITS = 24

/** The exact bytes that a record takes in its batch, its length field included. */
export function recordSizeBytes(record: RecordInput, place: RecordPlace): number {
  let body = bodyOverheadBytes(place) + fieldSizeBytes(record.key) + fieldSizeBytes(record.value)
  const headers = record.headers
  if (headers === undefined) return varintSizeBytes(body + 1) + body + 1
  body += varintSizeBytes(headers.length)
  for (const header of headers) body += fieldSizeBytes(header.key) + fieldSizeBytes(header.value)
  return varintSizeBytes(body) + body
}

/** No record takes more than this: what the target must have free for `writeRecord`. */
export function recordUpperBoundBytes(record: RecordInput): number {
  let bound = MAX_FIXED_BYTES + fieldUpperBoundBytes(record.key) + fieldUpperBoundBytes(record.value)
  for (const header of record.headers ?? []) {
    bound += fieldUpperBoundBytes(header.key) + fieldUpperBoundBytes(header.value)
  }
  return bound
}

/**
 * Writes a record in wire form and returns the position after it.
 *
 * Its length stands in front and is a varint, so room for it is left by a guess that takes every
 * character for one byte. Where text proves the guess wrong, the record is moved by a byte or two.
 */
export function writeRecord(target: Buffer, start: number, record: RecordInput, place: RecordPlace): number {
  const { key, value, headers } = record
  const guess =
    bodyOverheadBytes(place) + guessFieldBytes(key) + guessFieldBytes(value) + guessHeadersBytes(headers)
  const bodyStart = start + varintSizeBytes(guess)
  target[bodyStart] = 0
  let position = writeVarlong(target, bodyStart + 1, place.timestampDelta)
  position = writeVarint(target, position, place.offsetDelta)
  position = writeField(target, position, key)
  position = writeField(target, position, value)
  if (headers === undefined || headers.length === 0) target[position++] = 0
  else position = writeHeaders(target, position, headers)
  const length = position - bodyStart
  return placeLength(target, { start, bodyStart, length })
}

/** Attributes and the two deltas. */
function bodyOverheadBytes(place: RecordPlace): number {
  return 1 + varlongSizeBytes(place.timestampDelta) + varintSizeBytes(place.offsetDelta)
}

function writeHeaders(target: Buffer, start: number, headers: readonly RecordHeaderInput[]): number {
  let position = writeVarint(target, start, headers.length)
  for (const header of headers) {
    position = writeField(target, position, header.key)
    position = writeField(target, position, header.value)
  }
  return position
}

function writeField(target: Buffer, position: number, field: Buffer | string | null): number {
  if (field === null) {
    target[position] = 1 // -1 in zigzag
    return position + 1
  }
  if (typeof field === 'string') return writeText(target, position, field)
  const start = writeVarint(target, position, field.length)
  field.copy(target, start)
  return start + field.length
}

function writeText(target: Buffer, position: number, text: string): number {
  const units = text.length
  if (units <= LOOP_UP_TO_UNITS) {
    let index = 0
    for (; index < units; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) break
      target[position + 1 + index] = unit
    }
    if (index === units) {
      target[position] = units << 1
      return position + 1 + units
    }
  }
  const bodyStart = position + varintSizeBytes(units)
  const length = target.write(text, bodyStart, 'utf8')
  return placeLength(target, { start: position, bodyStart, length })
}

/** Puts the length in front of a body that was written after a guess at the room it needs. */
function placeLength(
  target: Buffer,
  field: { readonly start: number; readonly bodyStart: number; readonly length: number },
): number {
  const rightStart = field.start + varintSizeBytes(field.length)
  if (rightStart !== field.bodyStart) {
    target.copyWithin(rightStart, field.bodyStart, field.bodyStart + field.length)
  }
  writeVarint(target, field.start, field.length)
  return rightStart + field.length
}

function fieldSizeBytes(field: Buffer | string | null): number {
  if (field === null) return 1
  const length = typeof field === 'string' ? Buffer.byteLength(field, 'utf8') : field.length
  return varintSizeBytes(length) + length
}

function guessFieldBytes(field: Buffer | string | null): number {
  return field === null ? 1 : varintSizeBytes(field.length) + field.length
}

function guessHeadersBytes(headers: readonly RecordHeaderInput[] | undefined): number {
  if (headers === undefined || headers.length === 0) return 1
  let guess = varintSizeBytes(headers.length)
  for (const header of headers) guess += guessFieldBytes(header.key) + guessFieldBytes(header.value)
  return guess
}

function fieldUpperBoundBytes(field: Buffer | string | null): number {
  if (field === null) return 1
  const bytesPerUnit = typeof field === 'string' ? MAX_UTF8_BYTES_PER_UNIT : 1
  return 2 * MAX_VARINT_BYTES + field.length * bytesPerUnit
}
