import type { ByteReader } from '../wire/byte-reader.ts'
import { WireError } from '../wire/wire-error.ts'
import { absentValue } from './absent-value.ts'
import type { PartCodec } from './codec.ts'
import { refuseNull, scalarCodec, writeLength } from './scalar-codecs.ts'
import { type TaggedFieldCodec, taggedFieldsCodec } from './tagged-fields.ts'
import {
  type ArrayType,
  fieldsOf,
  isPresent,
  type Shape,
  type StructType,
  type TypeDescription,
} from './wire-type.ts'

/** A struct's presence byte, where the struct may be null. */
const STRUCT_PRESENT = 1
const STRUCT_NULL = -1

/** One field of a struct, compiled for one version. */
interface FieldCodec {
  readonly name: string
  /** Null where the version lacks the field, or has it among the tagged ones. */
  readonly codec: PartCodec | null
  readonly absent: () => unknown
  readonly isOptional: boolean
}

/** Closures for one version of a type: everything that depends on the version is decided here, once. */
function compileType(type: TypeDescription, version: number, flexible: boolean): PartCodec {
  switch (type.kind) {
    case 'array':
      return compileArray(type, version, flexible)
    case 'struct':
      return version >= type.nullableSince
        ? nullableStructCodec(type, version, flexible)
        : compileStruct(type.shape, version, flexible)
    default:
      return scalarCodec(type, version, flexible)
  }
}

function compileArray(type: ArrayType, version: number, flexible: boolean): PartCodec {
  const element = compileType(type.element, version, flexible)
  const isNullable = version >= type.nullableSince
  // Even elements without any field of their own cost the peer something: the count stays below the frame.
  const minElementBytes = Math.max(1, element.minBytes)
  return {
    minBytes: flexible ? 1 : 4,
    decode: (reader) => {
      const count = flexible ? reader.compactLength() : reader.length()
      if (count < 0) return isNullable ? null : refuseNull()
      reader.checkCount(count, minElementBytes)
      const values = new Array<unknown>(count)
      for (let index = 0; index < count; index++) values[index] = element.decode(reader)
      return values
    },
    encode: (writer, value) => {
      if (value === null) {
        if (!isNullable) refuseNull()
        writeLength(writer, -1, flexible)
        return
      }
      const values = value as readonly unknown[]
      writeLength(writer, values.length, flexible)
      for (const each of values) element.encode(writer, each)
    },
  }
}

/** The whole message, or a struct within it, which may not be null. */
export function compileStruct(shape: Shape, version: number, flexible: boolean): PartCodec {
  const fields: FieldCodec[] = []
  const taggedFields: TaggedFieldCodec[] = []
  for (const [name, field] of fieldsOf(shape)) {
    const absent = absentValue(field)
    const isFixed = isPresent(field, version) && field.tag === null
    const codec = isPresent(field, version) ? compileType(field.type, version, flexible) : null
    fields.push({ name, absent, codec: isFixed ? codec : null, isOptional: shape[name]?.kind === 'field' })
    if (codec !== null && field.tag !== null && flexible) {
      taggedFields.push({ name, tag: field.tag, codec, field })
    }
  }
  const written = fields.filter(hasCodec)
  const tags = flexible ? taggedFieldsCodec(taggedFields) : null
  return {
    minBytes: written.reduce((sum, { codec }) => sum + codec.minBytes, flexible ? 1 : 0),
    decode: (reader) => {
      const record: Record<string, unknown> = {}
      for (const field of fields) record[field.name] = decodeField(field, reader)
      tags?.decode(reader, record)
      return record
    },
    encode: (writer, value) => {
      const record = value as Readonly<Record<string, unknown>>
      for (const field of written) {
        const given = record[field.name]
        field.codec.encode(writer, given === undefined && field.isOptional ? field.absent() : given)
      }
      tags?.encode(writer, record)
    },
  }
}

function decodeField(field: FieldCodec, reader: ByteReader): unknown {
  return field.codec === null ? field.absent() : field.codec.decode(reader)
}

function hasCodec(field: FieldCodec): field is FieldCodec & { readonly codec: PartCodec } {
  return field.codec !== null
}

/** A struct that may be null is preceded by one byte, as in Kafka's generated code: 1, or -1 for null. */
function nullableStructCodec(type: StructType, version: number, flexible: boolean): PartCodec {
  const codec = compileStruct(type.shape, version, flexible)
  return {
    minBytes: 1,
    decode: (reader) => {
      const presence = reader.int8()
      if (presence === STRUCT_NULL) return null
      if (presence !== STRUCT_PRESENT) throw new WireError(`presence byte ${presence}, neither 1 nor -1`)
      return codec.decode(reader)
    },
    encode: (writer, value) => {
      writer.int8(value === null ? STRUCT_NULL : STRUCT_PRESENT)
      if (value !== null) codec.encode(writer, value)
    },
  }
}
