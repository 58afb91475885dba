import { describe, expect, test } from 'vitest'
import { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { WireError } from '../wire/wire-error.ts'
import { defineMessage, type Message } from './define-message.ts'
import {
  array,
  between,
  boolean,
  int16,
  int32,
  nullable,
  records,
  since,
  string,
  struct,
  tagged,
  until,
  withDefault,
} from './vocabulary.ts'

const message = defineMessage({
  validVersions: [0, 4],
  flexibleSince: 3,
  fields: {
    name: string,
    note: nullable(string, 2),
    old: until(1, int32, -1),
    middle: between([1, 2], int16, 7),
    recent: since(2, array(int32)),
    isOn: withDefault(boolean, true),
    extra: tagged({ tag: 5, since: 3 }, struct({ a: withDefault(int32, -1), b: string })),
    label: tagged({ tag: 2, since: 4 }, nullable(string), null),
  },
})

function encode<I>(version: number, value: I, of: Message<unknown, I>): string {
  const writer = new ByteWriter()
  of.codec(version).encode(writer, value)
  return Buffer.concat(writer.finish()).toString('hex')
}

function decode(version: number, hex: string): unknown {
  return message.codec(version).decode(new ByteReader(Buffer.from(hex, 'hex')))
}

function hex(...fields: readonly string[]): string {
  return fields.join('')
}

describe('versions', () => {
  test('fields that a version lacks decode to their absent value', () => {
    expect(decode(0, '000161' + '000162' + '00000009' + '00')).toEqual({
      name: 'a',
      note: 'b',
      old: 9,
      middle: 7,
      recent: [],
      isOn: false,
      extra: { a: -1, b: '' },
      label: null,
    })
  })

  test('fields that a version lacks are not written', () => {
    const value = { name: 'a', note: 'b', old: 9, middle: 1, recent: [3], isOn: false }
    expect(encode(0, value, message)).toBe('000161' + '000162' + '00000009' + '00')
    expect(encode(1, value, message)).toBe('000161' + '000162' + '00000009' + '0001' + '00')
    expect(encode(2, value, message)).toBe('000161' + '000162' + '0001' + '0000000100000003' + '00')
  })

  test('fields with a default may be left out', () => {
    expect(encode(2, { name: 'a', note: null }, message)).toBe('000161' + 'ffff' + '0007' + '00000000' + '01')
    expect(encode(0, { name: 'a', note: 'b', old: undefined }, message)).toBe(
      '000161' + '000162' + 'ffffffff' + '01',
    )
  })

  test('a version outside the valid ones is our bug', () => {
    expect(() => message.codec(5)).toThrow('version 5 is outside 0..4')
    expect(() => message.codec(-1)).toThrow('version -1 is outside 0..4')
  })
})

describe('errors name the field', () => {
  const nested = defineMessage({
    validVersions: [0, 0],
    flexibleSince: null,
    fields: { topics: array({ name: string, partitions: array(int32) }) },
  })

  test('when decoding', () => {
    const bytes = Buffer.from(hex('00000001', '000161', '00000002', '00000007', '0000'), 'hex')
    expect(() => nested.codec(0).decode(new ByteReader(bytes))).toThrow(
      new WireError('topics: partitions: 2 elements of at least 4 bytes in 6 bytes'),
    )
  })

  test('when encoding', () => {
    const value = { topics: [{ name: 'a', partitions: [1, 2 ** 31] }] }
    expect(() => encode(0, value, nested)).toThrow(/^topics: partitions: /)
  })
})

test('a frame full of empty strings is refused before it becomes a hundred times as much', () => {
  const strings = defineMessage({ validVersions: [0, 0], flexibleSince: 0, fields: { names: array(string) } })
  const count = 2_000_000
  const writer = new ByteWriter()
  writer.unsignedVarint(count + 1)
  const bytes = Buffer.concat([...writer.finish(), Buffer.alloc(count, 1), Buffer.of(0)])
  expect(() => strings.codec(0).decode(new ByteReader(bytes))).toThrow(
    '2000000 elements more than a message may have',
  )
})

describe('null', () => {
  test('is refused where the version does not allow it', () => {
    expect(() => decode(1, '000161' + 'ffff' + '00000009' + '0001' + '00')).toThrow(WireError)
    expect(() => encode(1, { name: 'a', note: null }, message)).toThrow(WireError)
    expect(decode(2, '000161' + 'ffff' + '0001' + '00000000' + '00')).toMatchObject({ note: null })
  })
})

describe('tagged fields', () => {
  const fixed = '0261' + '0262' + '01' + '00'

  test('are written in the order of their tags, and only when they are not the default', () => {
    const value = { name: 'a', note: 'b', isOn: false }
    expect(encode(4, value, message)).toBe(`${fixed}00`)
    expect(encode(4, { ...value, label: null, extra: { a: -1, b: '' } }, message)).toBe(`${fixed}00`)
    expect(encode(4, { ...value, label: 'x', extra: { b: 'y' } }, message)).toBe(
      hex(fixed, '02', '02', '02', '0278', '05', '07', 'ffffffff', '0279', '00'),
    )
    expect(encode(3, { ...value, label: 'x' }, message), 'not in version 3 yet').toBe(`${fixed}00`)
  })

  test('unknown ones are skipped', () => {
    expect(decode(3, hex(fixed, '02', '63', '02', 'abcd', 'a09c01', '00'))).toMatchObject({
      extra: { a: -1, b: '' },
    })
  })

  test('a value longer or shorter than its size is refused', () => {
    expect(() => decode(4, hex(fixed, '01', '02', '03', '0278', '00'))).toThrow('1 bytes too many at')
    expect(() => decode(4, hex(fixed, '01', '02', '01', '0278'))).toThrow(WireError)
  })
})

test('records may be given in several parts', () => {
  const batches = defineMessage({
    validVersions: [0, 0],
    flexibleSince: null,
    fields: { records: nullable(records) },
  })
  const parts = [Buffer.from('ab'), Buffer.from('c')]
  expect(encode(0, { records: parts }, batches)).toBe(encode(0, { records: Buffer.from('abc') }, batches))
  expect(encode(0, { records: [] }, batches)).toBe('00000000')
  expect(encode(0, { records: null }, batches)).toBe('ffffffff')
})

test('a struct that may be null has a byte in front', () => {
  const cursor = defineMessage({
    validVersions: [0, 0],
    flexibleSince: 0,
    fields: { cursor: withDefault(nullable(struct({ at: int16 })), null) },
  })
  expect(encode(0, { cursor: { at: 5 } }, cursor)).toBe('01' + '0005' + '00' + '00')
  expect(encode(0, {}, cursor)).toBe('ff' + '00')
  expect(() => cursor.codec(0).decode(new ByteReader(Buffer.from('02000500', 'hex')))).toThrow(
    'presence byte 2',
  )
})

test('absent arrays and structs belong to whoever decoded them', () => {
  const hex = '000161' + '000162' + '00000009' + '00'
  const first = message.codec(0).decode(new ByteReader(Buffer.from(hex, 'hex')))
  first.recent.push(1)
  first.extra.a = 8
  expect(decode(0, hex)).toMatchObject({ recent: [], extra: { a: -1 } })
})
