import type { ByteReader } from '@millrace/protocol'

/** A string behind its int16 length, as keys hold them. Throws a RangeError for null and for bytes that are too few. */
export function readText(reader: ByteReader): string {
  return reader.utf8(requiredLength(reader.stringLength()))
}

/** Throws a RangeError for the length of a null. */
export function requiredLength(length: number): number {
  if (length < 0) throw new RangeError('null in a field that is not nullable')
  return length
}
