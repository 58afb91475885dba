import { describe, expect, it } from 'vitest'
import { KeyOffsetMap } from './key-offset-map.ts'

function keyOf(n: number, length = 16): Buffer {
  return Buffer.from(`${n}`.padStart(length, 'k').slice(-length))
}

describe('KeyOffsetMap', () => {
  it('gives the latest offset of each key, of any length', () => {
    const map = new KeyOffsetMap({ memoryBytes: 1_000_000, mostKeys: 10_000, baseOffset: 2 ** 40, seed: 99 })
    const latest = new Map<string, number>()
    for (let n = 0; n < 10_000; n++) {
      const key = keyOf((n * 31) % 3_000, 4 + (n % 40))
      map.put(Buffer.concat([Buffer.from('xx'), key]), 2, key.length, 2 ** 40 + n)
      latest.set(key.toString(), 2 ** 40 + n)
    }
    expect(map.count).toBe(latest.size)
    for (const [key, offset] of latest) expect(map.latestOffset(Buffer.from(key), 0, key.length)).toBe(offset)
    expect(map.latestOffset(Buffer.from('absent'), 0, 6)).toBe(-1)
    expect(map.latestOffset(Buffer.alloc(0), 0, 0)).toBe(-1)
  })

  it('says when it is full, and never takes more memory than it was given', () => {
    const map = new KeyOffsetMap({ memoryBytes: 2_000, mostKeys: 1_000_000, baseOffset: 0, seed: 1 })
    let count = 0
    while (!map.isFullFor(count)) {
      map.put(keyOf(count), 0, 16, count)
      count++
    }
    expect(count).toBe(90)
    for (let n = 0; n < count; n++) expect(map.latestOffset(keyOf(n), 0, 16)).toBe(n)
  })

  it('is full for an offset that is too far away', () => {
    const map = new KeyOffsetMap({ memoryBytes: 2_000, mostKeys: 10, baseOffset: 5, seed: 1 })
    expect(map.isFullFor(5 + 2 ** 32 - 2)).toBe(false)
    expect(map.isFullFor(5 + 2 ** 32 - 1)).toBe(true)
  })

  it('hashes as MurmurHash3 does: every bit of a key counts', () => {
    const map = new KeyOffsetMap({ memoryBytes: 100_000, mostKeys: 1_000, baseOffset: 0, seed: 1 })
    let offset = 0
    for (const length of [1, 3, 5, 9, 13, 16, 17, 33]) {
      for (let bit = 0; bit < length * 8; bit++) {
        const key = Buffer.alloc(length)
        key.writeUInt8(1 << (bit & 7), bit >> 3)
        map.put(key, 0, length, offset++)
      }
    }
    expect(map.count).toBe(offset)
  })
})
