import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Api,
  ByteReader,
  ByteWriter,
  type Codec,
  fetch,
  isFlexible,
  produce,
  WireError,
} from '../../src/index.ts'
import { defineMessage } from '../../src/schema/define-message.ts'
import { fieldsOf, type Shape, type TypeDescription } from '../../src/schema/wire-type.ts'
import { arbitraryMessage } from './arbitrary-message.ts'

const RUNS_PER_VERSION = 30

const messages = ([produce, fetch] as readonly Api[]).flatMap((api) =>
  (['request', 'response'] as const).map((side) => [`${api.name} ${side}`, api, side] as const),
)

describe.each(messages)('%s by hand agrees with its declaration', (_, api, side) => {
  const { flexibleSince, validVersions } = api
  const declared = defineMessage({ validVersions, flexibleSince, fields: api.declaration[side] })
  const versions = Array.from(
    { length: validVersions[1] - validVersions[0] + 1 },
    (_, index) => validVersions[0] + index,
  )

  test.each(versions)('v%i', (version) => {
    const declaredCodec = declared.codec(version) as Codec<unknown>
    const handWritten = api[side](version) as Codec<unknown>
    const values = arbitraryMessage(api.declaration[side], { version, isFlexible: isFlexible(api, version) })
    const check = fc.property(values, (value) => {
      const bytes = encode(declaredCodec, value)
      expect(encode(handWritten, value).toString('hex')).toBe(bytes.toString('hex'))
      expect(handWritten.decode(new ByteReader(bytes))).toEqual(declaredCodec.decode(new ByteReader(bytes)))
      const sparse = withoutDefaults(api.declaration[side], value)
      expect(encode(handWritten, sparse).toString('hex')).toBe(encode(declaredCodec, sparse).toString('hex'))
      for (let end = 0; end < bytes.length; end += Math.max(1, Math.floor(bytes.length / 50))) {
        expect(() => handWritten.decode(new ByteReader(bytes, 0, end))).toThrow(WireError)
      }
    })
    fc.assert(check, { numRuns: RUNS_PER_VERSION })
  })
})

function encode(codec: Codec<unknown>, value: unknown): Buffer {
  const writer = new ByteWriter()
  codec.encode(writer, value)
  return Buffer.concat(writer.finish())
}

/** Only the fields that encoding insists on. */
function withoutDefaults(shape: Shape, value: unknown): unknown {
  const record = value as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    fieldsOf(shape)
      .filter(([name]) => shape[name]?.kind !== 'field')
      .map(([name, { type }]) => [name, sparseValue(type, record[name])]),
  )
}

function sparseValue(type: TypeDescription, value: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'array') return (value as unknown[]).map((each) => sparseValue(type.element, each))
  return type.kind === 'struct' ? withoutDefaults(type.shape, value) : value
}
