import type { ByteReader } from '../wire/byte-reader.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'

/** Reads and writes one message in one version. `Input` is what encoding takes: see `infer.ts`. */
export interface Codec<Decoded, Input = Decoded> {
  /** Throws a `WireError` on bytes that are not such a message. Byte fields are views of the reader's buffer. */
  decode(reader: ByteReader): Decoded
  /** Throws a RangeError or TypeError on values that the wire cannot carry. Large byte fields are not copied. */
  encode(writer: ByteWriter, value: Input): void
}

/** A codec for a part of a message, chosen by the declaration, so that its values have no static type. */
export interface PartCodec extends Codec<unknown> {
  /** The fewest bytes that a value takes: bounds an array's count before anything is allocated. */
  readonly minBytes: number
}
