import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../src/index.ts'
import { arbitraryInt64, arbitraryText, arbitraryUuid, buffers } from './arbitrary-message.ts'

/** Writes, reads back, and expects every byte to be used. */
function expectSurvives<T>(
  values: fc.Arbitrary<T>,
  write: (writer: ByteWriter, value: T) => void,
  read: (reader: ByteReader) => T,
): void {
  fc.assert(
    fc.property(values, (value) => {
      const writer = new ByteWriter()
      write(writer, value)
      const reader = new ByteReader(Buffer.concat(writer.finish()))
      expect(read(reader)).toEqual(value)
      expect(reader.remaining).toBe(0)
    }),
  )
}

test('int64 survives over all safe integers, and agrees with bigint', () => {
  expectSurvives(
    arbitraryInt64,
    (writer, value) => writer.int64(value),
    (reader) => reader.int64(),
  )
  fc.assert(
    fc.property(arbitraryInt64, (value) => {
      const writer = new ByteWriter()
      writer.int64(value)
      expect(Buffer.concat(writer.finish()).readBigInt64BE()).toBe(BigInt(value))
    }),
  )
})

test('a clamped int64 is the nearest safe integer of any int64', () => {
  const least = BigInt(Number.MIN_SAFE_INTEGER)
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(value)
      const nearest = value < least ? least : value > most ? most : value
      expect(new ByteReader(bytes).clampedInt64()).toBe(Number(nearest))
    }),
  )
})

test('an unsigned varint survives over 32 bits in the fewest bytes', () => {
  const values = fc.integer({ min: 0, max: 0xffff_ffff })
  expectSurvives(
    values,
    (writer, value) => writer.unsignedVarint(value),
    (reader) => reader.unsignedVarint(),
  )
  fc.assert(
    fc.property(values, (value) => {
      const writer = new ByteWriter()
      writer.unsignedVarint(value)
      expect(writer.sizeBytes).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)))
    }),
  )
})

test('strings and uuids survive', () => {
  expectSurvives(
    arbitraryText,
    (writer, value) => writer.string(value),
    (reader) => reader.utf8(reader.stringLength()),
  )
  expectSurvives(
    arbitraryText,
    (writer, value) => writer.compactString(value),
    (reader) => reader.utf8(reader.compactLength()),
  )
  expectSurvives(
    arbitraryUuid,
    (writer, value) => writer.uuid(value),
    (reader) => reader.uuid(),
  )
})

test('fields of every size, copied or by reference, come out in order', () => {
  const parts = fc.array(
    fc.oneof(buffers({ maxLength: 40 }), buffers({ minLength: 900, maxLength: 1_100 })),
    {
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(parts, (list) => {
      const writer = new ByteWriter()
      for (const part of list) writer.bytes(part)
      expect(writer.sizeBytes).toBe(list.reduce((sum, part) => sum + part.length, 0))
      expect(Buffer.concat(writer.finish())).toEqual(Buffer.concat(list))
    }),
  )
})
