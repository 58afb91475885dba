import { strict as assert } from 'node:assert'
import { defineMessage, type MessageDeclaration } from '../schema/define-message.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import type { Shape } from '../schema/wire-type.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { WireError } from '../wire/wire-error.ts'

/** A message that travels inside a bytes field, behind its own version: `version: int16, message`. */
export interface EmbeddedMessage<Decoded, Input> {
  readonly validVersions: readonly [min: number, max: number]
  readonly fields: Shape
  /**
   * A version newer than the newest one known is read as that one, because new fields only ever come at the end.
   * Throws a `WireError` on anything else. Byte fields are views of `bytes`.
   */
  decode(bytes: Buffer): Decoded & { readonly version: number }
  encode(version: number, value: Input): Buffer
}

export function defineEmbeddedMessage<const S extends Shape>(
  declaration: Omit<MessageDeclaration<S>, 'flexibleSince'>,
): EmbeddedMessage<Decoded<S>, Input<S>> {
  const message = defineMessage({ ...declaration, flexibleSince: null })
  const { fields, validVersions } = message
  const [min, max] = validVersions
  return {
    validVersions,
    fields,
    decode: (bytes) => {
      const reader = new ByteReader(bytes)
      const version = reader.int16()
      if (version < min)
        throw new WireError(`version ${version} of an embedded message, expected ${min} or later`)
      return { ...message.codec(Math.min(version, max)).decode(reader), version }
    },
    encode: (version, value) => {
      assert(version >= min && version <= max, `version ${version} is outside ${min}..${max}`)
      const writer = new ByteWriter()
      writer.int16(version)
      message.codec(version).encode(writer, value)
      return Buffer.concat(writer.finish())
    },
  }
}
