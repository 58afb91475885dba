import { describe, expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { WireError } from './wire-error.ts'

function reader(hex: string): ByteReader {
  return new ByteReader(Buffer.from(hex, 'hex'))
}

test('numbers are big-endian and signed as Kafka has them', () => {
  const bytes = reader('ff' + 'fffe' + 'fffe' + 'fffffffd' + 'fffffffffffffffc' + '3ff8000000000000' + '02')
  expect(bytes.int8()).toBe(-1)
  expect(bytes.int16()).toBe(-2)
  expect(bytes.uint16()).toBe(65_534)
  expect(bytes.int32()).toBe(-3)
  expect(bytes.int64()).toBe(-4)
  expect(bytes.float64()).toBe(1.5)
  expect(bytes.boolean()).toBe(true)
  expect(bytes.remaining).toBe(0)
})

describe('int64 beyond the safe integers', () => {
  test.each(['7fffffffffffffff', '8000000000000000', '0020000000000000', 'ffe0000000000000'])('%s', (hex) => {
    expect(() => reader(hex).int64()).toThrow(WireError)
    expect(Math.abs(reader(hex).clampedInt64())).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('the last safe ones pass', () => {
    expect(reader('001fffffffffffff').int64()).toBe(Number.MAX_SAFE_INTEGER)
    expect(reader('ffe0000000000001').int64()).toBe(Number.MIN_SAFE_INTEGER)
  })
})

describe('unsignedVarint', () => {
  test.each([
    ['00', 0],
    ['7f', 127],
    ['8001', 128],
    ['ffffffff07', 0x7fff_ffff],
    ['ffffffff0f', 0xffff_ffff],
    ['8000', 0],
  ])('%s is %i', (hex, value) => expect(reader(hex).unsignedVarint()).toBe(value))

  test.each(['80', 'ffffffff', 'ffffffff10', 'ffffffffff01'])('%s is refused', (hex) => {
    expect(() => reader(hex).unsignedVarint()).toThrow(WireError)
  })
})

test('a view shares memory with the buffer, within its bounds', () => {
  const buffer = Buffer.from('0011223344', 'hex')
  const bytes = new ByteReader(buffer, 1, 4)
  const view = bytes.view(3)
  view[0] = 0xff
  expect(buffer[1]).toBe(0xff)
  expect(() => bytes.int8()).toThrow('need 1 bytes at 4, have 0')
})

test('lengths below -1 are refused, -1 is null', () => {
  expect(reader('ffff').stringLength()).toBe(-1)
  expect(reader('ffffffff').length()).toBe(-1)
  expect(reader('00').compactLength()).toBe(-1)
  expect(() => reader('fffe').stringLength()).toThrow(WireError)
  expect(() => reader('80000000').length()).toThrow(WireError)
})

test('a count is refused when its elements cannot fit', () => {
  const bytes = reader('00000000')
  expect(() => bytes.checkCount(2, 2)).not.toThrow()
  expect(() => bytes.checkCount(3, 2)).toThrow('3 elements of at least 2 bytes in 4 bytes')
})

test('a message may have so many elements and no more, however its arrays are nested', () => {
  const bytes = new ByteReader(Buffer.alloc(100), 0, 100, 50)
  bytes.checkCount(30, 1)
  bytes.within(40, (inner) => {
    expect(() => inner.checkCount(21, 1)).toThrow('21 elements more than a message may have')
    inner.checkCount(20, 1)
    inner.skip(40)
  })
  expect(() => bytes.checkCount(1, 1)).toThrow(WireError)
})

test('a value within a size must use all of it, and cannot go beyond it', () => {
  const hex = '0102030405'
  expect(reader(hex).within(2, (inner) => inner.int16())).toBe(0x0102)
  expect(() => reader(hex).within(2, (inner) => inner.int32())).toThrow('need 4 bytes at 0, have 2')
  expect(() => reader(hex).within(3, (inner) => inner.int16())).toThrow('1 bytes too many at 2')
  expect(() => reader(hex).within(6, (inner) => inner.int16())).toThrow(WireError)
  const bytes = reader(hex)
  bytes.within(2, (inner) => inner.int16())
  expect(bytes.remaining).toBe(3)
})

test('bounds outside the buffer are our bug, not the peer’s', () => {
  expect(() => new ByteReader(Buffer.alloc(2), 0, 3)).toThrow('bounds 0..3 of 2')
})
