import { describe, expect, it } from 'vitest'
import { KeyOffsetMap } from './key-offset-map.ts'

function keyOf(n: number, length = 16): Buffer {
  return Buffer.from(`${n}`.padStart(length, 'k').slice(-length))
}

function put(map: KeyOffsetMap, key: Buffer, offset: number): void {
  map.beginGroup()
  map.addKey(key, 0, key.length)
  map.put(0, offset)
}

function latestOffset(map: KeyOffsetMap, key: Buffer): number {
  map.beginGroup()
  map.addKey(key, 0, key.length)
  return map.latestOffset(0)
}

describe('KeyOffsetMap', () => {
  it('looks a group of keys up as it does one by one, however large', () => {
    const map = new KeyOffsetMap({ memoryBytes: 1_000_000, mostKeys: 5_000, baseOffset: 0, seed: 3 })
    map.beginGroup()
    for (let n = 0; n < 5_000; n++) map.addKey(keyOf(n % 4_000), 0, 16)
    map.loadGroup()
    for (let n = 0; n < 5_000; n++) map.put(n, n)
    expect(map.count).toBe(4_000)
    for (let n = 0; n < 4_000; n++) expect(latestOffset(map, keyOf(n))).toBe(n < 1_000 ? n + 4_000 : n)
  })

  it('gives the latest offset of each key, of any length', () => {
    const map = new KeyOffsetMap({ memoryBytes: 1_000_000, mostKeys: 10_000, baseOffset: 2 ** 40, seed: 99 })
    const latest = new Map<string, number>()
    for (let n = 0; n < 10_000; n++) {
      const key = keyOf((n * 31) % 3_000, 4 + (n % 40))
      map.beginGroup()
      map.addKey(Buffer.concat([Buffer.from('xx'), key]), 2, key.length)
      map.put(0, 2 ** 40 + n)
      latest.set(key.toString(), 2 ** 40 + n)
    }
    expect(map.count).toBe(latest.size)
    for (const [key, offset] of latest) expect(latestOffset(map, Buffer.from(key))).toBe(offset)
    expect(latestOffset(map, Buffer.from('absent'))).toBe(-1)
    expect(latestOffset(map, Buffer.alloc(0))).toBe(-1)
  })

  it('says when it is full, and never takes more memory than it was given', () => {
    const map = new KeyOffsetMap({ memoryBytes: 2_000, mostKeys: 1_000_000, baseOffset: 0, seed: 1 })
    let count = 0
    while (!map.isFullFor(count)) {
      put(map, keyOf(count), count)
      count++
    }
    expect(count).toBe(113)
    for (let n = 0; n < count; n++) expect(latestOffset(map, keyOf(n))).toBe(n)
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
        put(map, key, offset++)
      }
    }
    expect(map.count).toBe(offset)
  })
})
