import { describe, expect, test } from 'vitest'
import { ByteWriter } from './byte-writer.ts'
import { WireError } from './wire-error.ts'

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter()
  write(writer)
  return Buffer.concat(writer.finish()).toString('hex')
}

test('numbers are big-endian', () => {
  expect(
    written((writer) => {
      writer.boolean(true)
      writer.int8(-1)
      writer.int16(-2)
      writer.uint16(65_534)
      writer.int32(-3)
      writer.int64(-4)
      writer.int64(2 ** 40 + 1)
      writer.float64(1.5)
    }),
  ).toBe(
    '01' + 'ff' + 'fffe' + 'fffe' + 'fffffffd' + 'fffffffffffffffc' + '0000010000000001' + '3ff8000000000000',
  )
})

describe('refuses what would arrive as something else', () => {
  test.each([2 ** 53, -(2 ** 53), 1.5, Number.NaN])('int64 %d', (value) => {
    expect(() => written((writer) => writer.int64(value))).toThrow(WireError)
  })

  test.each([-1, 2 ** 32, Number.NaN])('varint %d', (value) => {
    expect(() => written((writer) => writer.unsignedVarint(value))).toThrow(WireError)
  })

  test('int16 32768', () => {
    expect(() => written((writer) => writer.int16(32_768))).toThrow(RangeError)
  })

  test('a string above int16', () => {
    expect(() => written((writer) => writer.string('é'.repeat(16_384)))).toThrow('string of 32768 bytes')
  })

  test.each(['', 'AAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAAA', 'not base64url at all!!'])(
    'uuid %s',
    (value) => {
      expect(() => written((writer) => writer.uuid(value))).toThrow(WireError)
    },
  )
})

test('bytes from 1 KiB on go out by reference, smaller ones are copied', () => {
  const small = Buffer.alloc(1_023, 1)
  const large = Buffer.alloc(1_024, 2)
  const writer = new ByteWriter()
  writer.int8(7)
  writer.bytes(small)
  writer.bytes(large)
  writer.int8(8)
  const parts = writer.finish()
  expect(parts).toContain(large)
  expect(parts).not.toContain(small)
  small.fill(9)
  expect(Buffer.concat(parts)).toEqual(
    Buffer.concat([Buffer.of(7), Buffer.alloc(1_023, 1), Buffer.alloc(1_024, 2), Buffer.of(8)]),
  )
})

test('one chunk never serves two messages', () => {
  const first = new ByteWriter()
  first.int32(1)
  const [part] = first.finish()
  const second = new ByteWriter()
  second.int32(2)
  second.finish()
  expect(part?.readInt32BE()).toBe(1)
})

test('a message of many small fields grows without losing any', () => {
  const writer = new ByteWriter()
  for (let value = 0; value < 100_000; value++) writer.int32(value)
  expect(writer.sizeBytes).toBe(400_000)
  const bytes = Buffer.concat(writer.finish())
  for (let value = 0; value < 100_000; value += 997) expect(bytes.readInt32BE(value * 4)).toBe(value)
})
