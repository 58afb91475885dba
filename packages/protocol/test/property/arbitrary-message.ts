import fc from 'fast-check'
import { absentValue } from '../../src/schema/absent-value.ts'
import {
  fieldsOf,
  isPresent,
  type ScalarKind,
  type Shape,
  type TypeDescription,
} from '../../src/schema/wire-type.ts'

export interface Encoding {
  readonly version: number
  readonly isFlexible: boolean
}

/** Any decoded value of a shape: what the version cannot carry has its absent value. */
export function arbitraryMessage(shape: Shape, encoding: Encoding): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, field] of fieldsOf(shape)) {
    const isCarried = isPresent(field, encoding.version) && (field.tag === null || encoding.isFlexible)
    const absent = fc.constant(null).map(absentValue(field))
    // A tagged field at its default is not written at all: that path must come up often enough.
    if (!isCarried) fields[name] = absent
    else
      fields[name] =
        field.tag === null
          ? arbitraryValue(field.type, encoding)
          : fc.oneof(absent, arbitraryValue(field.type, encoding))
  }
  return fc.record(fields)
}

function arbitraryValue(type: TypeDescription, encoding: Encoding): fc.Arbitrary<unknown> {
  const value = arbitraryNonNull(type, encoding)
  return encoding.version >= type.nullableSince ? fc.option(value, { freq: 4 }) : value
}

function arbitraryNonNull(type: TypeDescription, encoding: Encoding): fc.Arbitrary<unknown> {
  if (type.kind === 'array') return fc.array(arbitraryValue(type.element, encoding), { maxLength: 3 })
  if (type.kind === 'struct') return arbitraryMessage(type.shape, encoding)
  return SCALARS[type.kind]
}

export const arbitraryInt64 = fc.maxSafeInteger()
export const arbitraryUuid = buffers({ minLength: 16, maxLength: 16 }).map((bytes) =>
  bytes.toString('base64url'),
)
export const arbitraryText = fc.string({ unit: 'grapheme' })

const SCALARS: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  int64: arbitraryInt64,
  clampedInt64: arbitraryInt64,
  float64: fc.double({ noNaN: true }),
  uuid: arbitraryUuid,
  string: arbitraryText,
  bytes: buffers({ maxLength: 2_000 }),
  records: buffers({ maxLength: 2_000 }),
}

export function buffers(length: { minLength?: number; maxLength: number }): fc.Arbitrary<Buffer> {
  return fc.uint8Array(length).map((bytes) => Buffer.from(bytes))
}
