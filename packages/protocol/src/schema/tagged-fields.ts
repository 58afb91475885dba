import type { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { isAbsentValue } from './absent-value.ts'
import type { PartCodec } from './codec.ts'
import type { Field } from './wire-type.ts'

/** One tagged field of a struct, compiled for one version. */
export interface TaggedFieldCodec {
  readonly name: string
  readonly tag: number
  readonly codec: PartCodec
  readonly field: Field<unknown, unknown>
}

/** Reads the tagged fields of a struct into it, and writes them. */
export interface TaggedFieldsCodec {
  decode(reader: ByteReader, struct: object): void
  encode(writer: ByteWriter, struct: object): void
}

/**
 * The section that ends every struct of a flexible version (KIP-482):
 *
 *     count: varint, count times { tag: varint, size: varint, value: size bytes }
 *
 * Tags are written in ascending order; like Kafka, reading does not insist on it. Unknown ones are skipped; known ones are written only when they are not what
 * an absent one means.
 */
export function taggedFieldsCodec(unordered: readonly TaggedFieldCodec[]): TaggedFieldsCodec {
  if (unordered.length === 0) {
    return { decode: (reader) => reader.skipTaggedFields(), encode: (writer) => writer.unsignedVarint(0) }
  }
  const fields = unordered.toSorted((left, right) => left.tag - right.tag)
  const byTag = new Map(fields.map((field) => [field.tag, field]))
  return {
    decode: (reader, struct) => {
      const record = struct as Record<string, unknown>
      for (let count = reader.taggedFieldCount(); count > 0; count--) {
        decodeTaggedField(reader, byTag.get(reader.unsignedVarint()), record)
      }
    },
    encode: (writer, struct) => {
      const record = struct as Readonly<Record<string, unknown>>
      let count = 0
      for (const { field, name } of fields) if (!isAbsentValue(field, record[name])) count++
      writer.unsignedVarint(count)
      if (count === 0) return
      for (const { codec, field, name, tag } of fields) {
        if (isAbsentValue(field, record[name])) continue
        const content = new ByteWriter()
        codec.encode(content, record[name])
        writer.unsignedVarint(tag)
        writer.unsignedVarint(content.sizeBytes)
        writer.append(content)
      }
    },
  }
}

function decodeTaggedField(
  reader: ByteReader,
  known: TaggedFieldCodec | undefined,
  record: Record<string, unknown>,
): void {
  const sizeBytes = reader.unsignedVarint()
  if (known === undefined) {
    reader.skip(sizeBytes)
    return
  }
  record[known.name] = reader.within(sizeBytes, known.codec.decode)
}
