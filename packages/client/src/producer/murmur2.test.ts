import { describe, expect, it } from 'vitest'
import { murmur2 } from './murmur2.ts'
import { partitionOfKey } from './partitioner.ts'

describe('murmur2', () => {
  // The values of Kafka's own UtilsTest.testMurmur2.
  const known: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  for (const [text, hash] of Object.entries(known)) {
    it(`of "${text}" is Kafka's value`, () => expect(murmur2(Buffer.from(text))).toBe(hash))
  }

  it('gives the same for a view at an odd position', () => {
    const view = Buffer.from('xxxfoobar').subarray(3)
    expect(murmur2(view)).toBe(-790332482)
  })
})

describe('the partition of a key', () => {
  it('is the positive hash modulo the count', () => {
    expect(partitionOfKey(Buffer.from('foobar'), 7)).toBe((-790332482 & 0x7fffffff) % 7)
  })
})
