import { describe, expect, it } from 'vitest'
import { bytes, decodeRange, json, string, type ValueCodec } from './value-codec.ts'

describe('json', () => {
  it('brings a value back', () => {
    const codec = json<{ delay: number; note: string }>()
    expect(codec.decode(codec.encode({ delay: 12, note: 'spät' }))).toEqual({ delay: 12, note: 'spät' })
  })

  it('refuses what JSON cannot hold', () => {
    expect(() => json().encode(undefined)).toThrow(TypeError)
    expect(() => json().encode(() => 1)).toThrow(TypeError)
    expect(() => json().encode(1n)).toThrow(TypeError)
  })

  it('throws at bytes that are not JSON', () => {
    expect(() => json().decode(Buffer.from('{'))).toThrow(SyntaxError)
  })
})

describe('string', () => {
  it('is UTF-8', () => {
    expect(string().encode('ü')).toEqual(Buffer.from([0xc3, 0xbc]))
    expect(string().decode(Buffer.from([0xc3, 0xbc]))).toBe('ü')
  })
})

describe('bytes', () => {
  it('gives a copy that outlives the batch', () => {
    const batch = Buffer.from('batch')
    const value = bytes().decode(batch)
    batch.fill(0)
    expect(String(value)).toBe('batch')
  })

  it('sends the bytes themselves', () => {
    const value = Buffer.from('same')
    expect(bytes().encode(value)).toBe(value)
  })
})

describe('decodeRange', () => {
  it.each<{ name: string; codec: ValueCodec<unknown>; text: string; expected: unknown }>([
    { name: 'json', codec: json(), text: '["ü",1]', expected: ['ü', 1] },
    { name: 'string', codec: string(), text: 'ü and more', expected: 'ü and more' },
    { name: 'bytes', codec: bytes(), text: 'ü', expected: Buffer.from('ü') },
    { name: 'empty bytes', codec: bytes(), text: '', expected: Buffer.alloc(0) },
    {
      name: 'a codec without decodeAt',
      codec: { encode: () => Buffer.alloc(0), decode: (view) => view.length },
      text: 'ü',
      expected: 2,
    },
  ])('decodes what lies between other bytes: $name', ({ codec, text, expected }) => {
    const batch = Buffer.from(`before${text}after`)
    const value = decodeRange(codec, batch, 6, batch.length - 5)
    batch.fill(0)
    expect(value).toEqual(expected)
  })
})
