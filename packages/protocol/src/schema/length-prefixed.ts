/**
 * Strings, bytes and counts behind their lengths, in both encodings:
 *
 *     classic    string: int16 length     bytes, array: int32 length     null: -1
 *     flexible   all: unsigned varint of length + 1                      null: 0
 */
import type { ByteReader } from '../wire/byte-reader.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { WireError } from '../wire/wire-error.ts'

export type BytesInput = Buffer | readonly Buffer[] | null

export function readNullableString(reader: ByteReader, isFlexible: boolean): string | null {
  const length = isFlexible ? reader.compactLength() : reader.stringLength()
  return length < 0 ? null : reader.utf8(length)
}

export function readString(reader: ByteReader, isFlexible: boolean): string {
  return readNullableString(reader, isFlexible) ?? refuseNull()
}

/** A view of the reader's buffer. */
export function readNullableBytes(reader: ByteReader, isFlexible: boolean): Buffer | null {
  const length = isFlexible ? reader.compactLength() : reader.length()
  return length < 0 ? null : reader.view(length)
}

/** The count of an array, or -1 for null; never more than the remaining bytes can hold. */
export function readNullableCount(reader: ByteReader, isFlexible: boolean, minElementBytes: number): number {
  const count = isFlexible ? reader.compactLength() : reader.length()
  if (count > 0) reader.checkCount(count, minElementBytes)
  return count
}

export function readCount(reader: ByteReader, isFlexible: boolean, minElementBytes: number): number {
  const count = readNullableCount(reader, isFlexible, minElementBytes)
  return count < 0 ? refuseNull() : count
}

export function writeNullableString(writer: ByteWriter, value: string | null, isFlexible: boolean): void {
  if (isFlexible) {
    if (value === null) writer.unsignedVarint(0)
    else writer.compactString(value)
  } else if (value === null) writer.int16(-1)
  else writer.string(value)
}

/** Several buffers go out as one field, none of them copied when they are large. */
export function writeNullableBytes(writer: ByteWriter, value: BytesInput, isFlexible: boolean): void {
  if (value === null) {
    writeLength(writer, -1, isFlexible)
  } else if (Buffer.isBuffer(value)) {
    writeLength(writer, value.length, isFlexible)
    writer.bytes(value)
  } else {
    let sizeBytes = 0
    for (const part of value) sizeBytes += part.length
    writeLength(writer, sizeBytes, isFlexible)
    for (const part of value) writer.bytes(part)
  }
}

/** The length of bytes or the count of an array; -1 stands for null. */
export function writeLength(writer: ByteWriter, length: number, isFlexible: boolean): void {
  if (isFlexible) writer.unsignedVarint(length + 1)
  else writer.int32(length)
}

/** Throws on null where the version has none. */
export function refuseNull(): never {
  throw new WireError('null in a field that is not nullable')
}
