import type { ByteReader } from '../wire/byte-reader.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import { WireError } from '../wire/wire-error.ts'
import type { PartCodec } from './codec.ts'
import type { ScalarKind, ScalarType } from './wire-type.ts'

type FixedKind = Exclude<ScalarKind, 'string' | 'bytes' | 'records'>

const FIXED: Readonly<Record<FixedKind, PartCodec>> = {
  boolean: { minBytes: 1, decode: (r) => r.boolean(), encode: (w, v) => w.boolean(v as boolean) },
  int8: { minBytes: 1, decode: (r) => r.int8(), encode: (w, v) => w.int8(v as number) },
  int16: { minBytes: 2, decode: (r) => r.int16(), encode: (w, v) => w.int16(v as number) },
  uint16: { minBytes: 2, decode: (r) => r.uint16(), encode: (w, v) => w.uint16(v as number) },
  int32: { minBytes: 4, decode: (r) => r.int32(), encode: (w, v) => w.int32(v as number) },
  int64: { minBytes: 8, decode: (r) => r.int64(), encode: (w, v) => w.int64(v as number) },
  clampedInt64: { minBytes: 8, decode: (r) => r.clampedInt64(), encode: (w, v) => w.int64(v as number) },
  float64: { minBytes: 8, decode: (r) => r.float64(), encode: (w, v) => w.float64(v as number) },
  uuid: { minBytes: 16, decode: (r) => r.uuid(), encode: (w, v) => w.uuid(v as string) },
}

/** Throws on null where the version has none: the message of the one place that says so. */
export function refuseNull(): never {
  throw new WireError('null in a field that is not nullable')
}

export function scalarCodec(type: ScalarType, version: number, flexible: boolean): PartCodec {
  const isNullable = version >= type.nullableSince
  if (type.kind === 'string') return stringCodec(isNullable, flexible)
  if (type.kind === 'bytes' || type.kind === 'records') return bytesCodec(isNullable, flexible)
  return FIXED[type.kind]
}

function stringCodec(isNullable: boolean, flexible: boolean): PartCodec {
  return {
    minBytes: flexible ? 1 : 2,
    decode: (reader) => {
      const length = flexible ? reader.compactLength() : reader.stringLength()
      if (length < 0) return isNullable ? null : refuseNull()
      return reader.utf8(length)
    },
    encode: (writer, value) => {
      if (value !== null) flexible ? writer.compactString(value as string) : writer.string(value as string)
      else if (!isNullable) refuseNull()
      else flexible ? writer.unsignedVarint(0) : writer.int16(-1)
    },
  }
}

function bytesCodec(isNullable: boolean, flexible: boolean): PartCodec {
  return {
    minBytes: flexible ? 1 : 4,
    decode: (reader) => decodeBytes(reader, flexible, isNullable),
    encode: (writer, value) => encodeBytes(writer, value as BytesInput, flexible, isNullable),
  }
}

export type BytesInput = Buffer | readonly Buffer[] | null

export function decodeBytes(reader: ByteReader, flexible: boolean, isNullable: boolean): Buffer | null {
  const length = flexible ? reader.compactLength() : reader.length()
  if (length < 0) return isNullable ? null : refuseNull()
  return reader.view(length)
}

export function encodeBytes(
  writer: ByteWriter,
  value: BytesInput,
  flexible: boolean,
  isNullable: boolean,
): void {
  if (value === null) {
    if (!isNullable) refuseNull()
    writeLength(writer, -1, flexible)
  } else if (Buffer.isBuffer(value)) {
    writeLength(writer, value.length, flexible)
    writer.bytes(value)
  } else {
    let sizeBytes = 0
    for (const part of value) sizeBytes += part.length
    writeLength(writer, sizeBytes, flexible)
    for (const part of value) writer.bytes(part)
  }
}

/** The length of bytes or an array; -1 stands for null. */
export function writeLength(writer: ByteWriter, length: number, flexible: boolean): void {
  if (flexible) writer.unsignedVarint(length + 1)
  else writer.int32(length)
}
