import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressSnappy, decompressSnappy } from './snappy.ts'

const LIMIT = 1_000_000
const block = (...bytes: number[]) => Buffer.from(bytes)
const xerialHeader = Buffer.from('82534e41505059000000000100000001', 'hex')
const chunk = (bytes: Buffer) => {
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

describe('snappy', () => {
  it('brings back any bytes', () => {
    const random = fc.uint8Array({ maxLength: 3_000, size: 'max' })
    const repetitive = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.nat({ max: 3_000 }))
      .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => Buffer.from(part))))
    fc.assert(
      fc.property(fc.oneof(random, repetitive), (array) => {
        const bytes = Buffer.from(array)
        expect(decompressSnappy(compressSnappy(bytes), LIMIT).equals(bytes)).toBe(true)
      }),
    )
  })

  it('reads the examples of the format description', () => {
    // A literal, a copy of one-byte offset that overlaps itself, one of two-byte and one of four-byte offset.
    expect(String(decompressSnappy(block(8, 4, 97, 98, (2 << 2) | 1, 2), LIMIT))).toBe('abababab')
    expect(String(decompressSnappy(block(5, 4, 97, 98, (2 << 2) | 2, 1, 0), LIMIT))).toBe('abbbb')
    expect(String(decompressSnappy(block(5, 4, 97, 98, (2 << 2) | 3, 1, 0, 0, 0), LIMIT))).toBe('abbbb')
  })

  it('reads literals whose length stands in one to four bytes of its own', () => {
    for (const lengthBytes of [1, 2, 3, 4]) {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(69)
      const header = Buffer.concat([block(70, (59 + lengthBytes) << 2), length.subarray(0, lengthBytes)])
      const body = Buffer.alloc(70, 'z')
      expect(decompressSnappy(Buffer.concat([header, body]), LIMIT)).toEqual(body)
    }
  })

  it('joins the chunks of the xerial framing', () => {
    const framed = Buffer.concat([
      xerialHeader,
      chunk(compressSnappy(Buffer.from('one '))),
      chunk(compressSnappy(Buffer.from('two'))),
    ])
    expect(String(decompressSnappy(framed, LIMIT))).toBe('one two')
  })

  it.each([
    ['nothing', block()],
    ['a size without an end', block(128, 128, 128, 128, 128, 1)],
    ['a cut literal', block(5, 16, 97, 98)],
    ['a literal longer than claimed', block(2, 16, 97, 98, 99, 100, 101)],
    ['less than claimed', block(6, 16, 97, 98, 99, 100, 101)],
    ['a copy from before the start', block(8, 4, 97, 98, 9, 3)],
    ['a copy of offset 0', block(8, 4, 97, 98, 9, 0)],
    ['a copy longer than claimed', block(7, 4, 97, 98, 9, 2)],
    ['a copy that is cut off', block(7, 4, 97, 98, 18, 2)],
    ['a literal length that is cut off', block(7, 63 << 2, 1, 0)],
    ['a chunk longer than the frame', Buffer.concat([xerialHeader, block(0, 0, 0, 9, 1)])],
    ['a chunk of negative length', Buffer.concat([xerialHeader, block(255, 255, 255, 255)])],
    ['a cut chunk length', Buffer.concat([xerialHeader, block(0, 0)])],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decompressSnappy(bytes, LIMIT)).toThrow(
      expect.objectContaining({ name: 'CorruptBatchError', code: 'INVALID_COMPRESSED_DATA' }),
    )
  })

  it('writes nothing behind what a block claims, though there is room', () => {
    const greedy = chunk(block(4, 4, 97, 98, (2 << 2) | 1, 2))
    const framed = Buffer.concat([xerialHeader, greedy, chunk(compressSnappy(Buffer.from('next')))])
    expect(() => decompressSnappy(framed, LIMIT)).toThrow(/reaches outside/)
  })

  it('refuses a claim that no such block can keep, before it allocates', () => {
    expect(() => decompressSnappy(block(255, 255, 255, 255, 15, 0), 2 ** 40)).toThrow(/claims/)
  })

  it('refuses more than the limit, summed over chunks', () => {
    const part = chunk(compressSnappy(Buffer.alloc(600_000)))
    const framed = Buffer.concat([xerialHeader, part, part])
    expect(() => decompressSnappy(framed, LIMIT)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })
})
