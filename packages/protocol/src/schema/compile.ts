import { WireError } from '../wire/wire-error.ts'
import { absentValue } from './absent-value.ts'
import type { PartCodec } from './codec.ts'
import { readNullableCount, refuseNull, writeLength } from './length-prefixed.ts'
import { scalarCodec } from './scalar-codecs.ts'
import { type TaggedFieldCodec, type TaggedFieldsCodec, taggedFieldsCodec } from './tagged-fields.ts'
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
function compileType(type: TypeDescription, version: number, isFlexible: boolean): PartCodec {
  switch (type.kind) {
    case 'array':
      return compileArray(type, version, isFlexible)
    case 'struct':
      return version >= type.nullableSince
        ? nullableStructCodec(type, version, isFlexible)
        : compileStruct(type.shape, version, isFlexible)
    default:
      return scalarCodec(type, version, isFlexible)
  }
}

function compileArray(type: ArrayType, version: number, isFlexible: boolean): PartCodec {
  const element = compileType(type.element, version, isFlexible)
  const isNullable = version >= type.nullableSince
  // Even elements without any field of their own cost the peer something: the count stays below the frame.
  const minElementBytes = Math.max(1, element.minBytes)
  return {
    minBytes: isFlexible ? 1 : 4,
    decode: (reader) => {
      const count = readNullableCount(reader, isFlexible, minElementBytes)
      if (count < 0) return isNullable ? null : refuseNull()
      const values = new Array<unknown>(count)
      for (let index = 0; index < count; index++) values[index] = element.decode(reader)
      return values
    },
    encode: (writer, value) => {
      if (value === null) {
        if (!isNullable) refuseNull()
        writeLength(writer, -1, isFlexible)
        return
      }
      const values = value as readonly unknown[]
      writeLength(writer, values.length, isFlexible)
      for (const each of values) element.encode(writer, each)
    },
  }
}

/** The whole message, or a struct within it, which may not be null. */
export function compileStruct(shape: Shape, version: number, isFlexible: boolean): PartCodec {
  const fields = fieldsOf(shape).map(([name, field]): FieldCodec => {
    const isFixed = isPresent(field, version) && field.tag === null
    return {
      name,
      absent: absentValue(field),
      codec: isFixed ? compileType(field.type, version, isFlexible) : null,
      isOptional: shape[name]?.kind === 'field',
    }
  })
  const written = fields.filter(hasCodec)
  const tags = isFlexible ? compileTaggedFields(shape, version) : null
  return {
    minBytes: written.reduce((sum, { codec }) => sum + codec.minBytes, isFlexible ? 1 : 0),
    decode: (reader) => {
      const record: Record<string, unknown> = {}
      let current = ''
      try {
        for (const field of fields) {
          current = field.name
          record[field.name] = field.codec === null ? field.absent() : field.codec.decode(reader)
        }
      } catch (error) {
        throw atField(current, error)
      }
      tags?.decode(reader, record)
      return record
    },
    encode: (writer, value) => {
      const record = value as Readonly<Record<string, unknown>>
      let current = ''
      try {
        for (const field of written) {
          current = field.name
          const given = record[field.name]
          field.codec.encode(writer, given === undefined && field.isOptional ? field.absent() : given)
        }
      } catch (error) {
        throw atField(current, error)
      }
      tags?.encode(writer, record)
    },
  }
}

/** The section of tagged fields at the end of a struct, in a flexible version. */
export function compileTaggedFields(shape: Shape, version: number): TaggedFieldsCodec {
  const tagged: TaggedFieldCodec[] = []
  for (const [name, field] of fieldsOf(shape)) {
    if (field.tag === null || !isPresent(field, version)) continue
    tagged.push({ name, tag: field.tag, field, codec: compileType(field.type, version, true) })
  }
  return taggedFieldsCodec(tagged)
}

/** Names the field in front of the message, so that it reads as a path once every struct has added its own. */
function atField(name: string, error: unknown): unknown {
  if (error instanceof Error) error.message = `${name}: ${error.message}`
  return error
}

function hasCodec(field: FieldCodec): field is FieldCodec & { readonly codec: PartCodec } {
  return field.codec !== null
}

/** A struct that may be null is preceded by one byte, as in Kafka's generated code: 1, or -1 for null. */
function nullableStructCodec(type: StructType, version: number, isFlexible: boolean): PartCodec {
  const codec = compileStruct(type.shape, version, isFlexible)
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
