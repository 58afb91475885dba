import { describe, expect, it } from 'vitest'
import { xxhash32 } from './xxhash32.ts'

const hash = (text: string) => xxhash32(Buffer.from(text), 0, Buffer.byteLength(text))

describe('xxhash32', () => {
  // Values of the reference implementation (python-xxhash).
  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('hashes %j as the reference does', (text, expected) => {
    expect(hash(text)).toBe(expected)
  })

  it('hashes the range and nothing else', () => {
    const bytes = Buffer.from('xxNobody inspects the spammish repetitionxx')
    expect(xxhash32(bytes, 2, bytes.length - 2)).toBe(0xe2293b2f)
  })
})
