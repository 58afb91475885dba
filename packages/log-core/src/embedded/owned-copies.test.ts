import { describe, expect, it } from 'vitest'
import { OwnedCopies } from './owned-copies.ts'

describe('OwnedCopies', () => {
  it('gives every part as it was, whatever becomes of the source', () => {
    const source = Buffer.from(Array.from({ length: 30_000 }, (_, index) => index * 7))
    const expected = Buffer.from(source)
    const copies = new OwnedCopies()
    const taken: { start: number; bytes: Buffer }[] = []
    let start = 3
    for (const length of [0, 1, 100, 4_095, 4_096, 9_000, 100, 4_095, 4_095, 1_000]) {
      taken.push({ start, bytes: copies.take(source, start, start + length) })
      start += length + 5
    }
    taken.push({ start: 10, bytes: copies.take(source, 10, 20) })
    source.fill(0)
    for (const { start: at, bytes } of taken)
      expect(bytes.equals(expected.subarray(at, at + bytes.length)), `at ${at}`).toBe(true)
  })

  it('looks again at another source, and at the same one when it was told to forget', () => {
    const copies = new OwnedCopies()
    const source = Buffer.from('first')
    expect(String(copies.take(source, 0, 5))).toBe('first')
    expect(String(copies.take(Buffer.from('other'), 0, 5))).toBe('other')
    expect(String(copies.take(source, 0, 5))).toBe('first')
    source.write('again')
    copies.forget()
    expect(String(copies.take(source, 0, 5))).toBe('again')
  })

  it('keeps no more than a few KiB alive with a small part', () => {
    const part = new OwnedCopies().take(Buffer.alloc(1_000_000), 500_000, 500_100)
    expect(part.buffer.byteLength).toBeLessThanOrEqual(8 * 1024)
  })
})
