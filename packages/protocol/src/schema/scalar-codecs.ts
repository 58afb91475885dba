import type { PartCodec } from './codec.ts'
import {
  type BytesInput,
  readNullableBytes,
  readNullableString,
  refuseNull,
  writeNullableBytes,
  writeNullableString,
} from './length-prefixed.ts'
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

/** Types without parts. The casts are the boundary of `compile.ts`: declarations and values agree by their types. */
export function scalarCodec(type: ScalarType, version: number, isFlexible: boolean): PartCodec {
  if (type.kind !== 'string' && type.kind !== 'bytes' && type.kind !== 'records') return FIXED[type.kind]
  const codec = type.kind === 'string' ? stringCodec(isFlexible) : bytesCodec(isFlexible)
  return version >= type.nullableSince ? codec : refusingNull(codec)
}

function stringCodec(isFlexible: boolean): PartCodec {
  return {
    minBytes: isFlexible ? 1 : 2,
    decode: (reader) => readNullableString(reader, isFlexible),
    encode: (writer, value) => writeNullableString(writer, value as string | null, isFlexible),
  }
}

function bytesCodec(isFlexible: boolean): PartCodec {
  return {
    minBytes: isFlexible ? 1 : 4,
    decode: (reader) => readNullableBytes(reader, isFlexible),
    encode: (writer, value) => writeNullableBytes(writer, value as BytesInput, isFlexible),
  }
}

function refusingNull(codec: PartCodec): PartCodec {
  return {
    minBytes: codec.minBytes,
    decode: (reader) => codec.decode(reader) ?? refuseNull(),
    encode: (writer, value) => codec.encode(writer, value ?? refuseNull()),
  }
}
