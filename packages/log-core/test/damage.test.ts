import process from 'node:process'
import { describe, expect, it } from 'vitest'
import {
  diskOf,
  type LeftBy,
  missingBatches,
  observe,
  type WholeDirectory,
  writeWhole,
} from './damaged-directory.ts'

/** `DAMAGE_SHARD=3/16` tries every bit of a 64 KiB directory that is the third of sixteen; without it, a sample of a small one. */
const [shard = 0, shards = 0] = (process.env.DAMAGE_SHARD ?? '').split('/').filter(Boolean).map(Number)
const IS_NIGHTLY = shards > 0
const SIZE = IS_NIGHTLY ? { batches: 360, segmentBytes: 8_000 } : { batches: 14, segmentBytes: 500 }
/** 1 KiB of bits, spread over all files. */
const BITS_TRIED = 8 * 1024

const wholes = new Map<LeftBy, Promise<WholeDirectory>>()
function wholeOf(leftBy: LeftBy): Promise<WholeDirectory> {
  const known = wholes.get(leftBy) ?? writeWhole(leftBy, SIZE)
  wholes.set(leftBy, known)
  return known
}

/** The numbers below `count` that this run tries: all of a shard, or so many of them evenly. */
function* tried(count: number, most: number): Generator<number> {
  const step = IS_NIGHTLY ? shards : Math.max(1, Math.floor(count / most))
  for (let number = IS_NIGHTLY ? shard : 0; number < count; number += step) yield number
}

async function check(
  whole: WholeDirectory,
  damaged: Map<string, Buffer>,
  where: { path: string; position: number; end: number },
): Promise<'harmless' | 'detected'> {
  const fs = diskOf(damaged)
  const seen = await observe(fs)
  const place = `${where.path} at ${where.position}`
  const isHarmless = seen === whole.content
  // A damaged file may only make the log be refused: whatever is served is what was there.
  if (!isHarmless) expect(seen, place).toMatch(/^(CORRUPT|NOT_OURS|UNSUPPORTED_FORMAT)$/)
  expect(missingBatches(whole, fs, where), place).toEqual([])
  return isHarmless ? 'harmless' : 'detected'
}

describe.each<LeftBy>(['clean stop', 'kill'])('a directory that was left by a %s', (leftBy) => {
  it('is detected to be damaged, or serves all that it held, with any bit flipped', {
    timeout: 3_000_000,
  }, async () => {
    const whole = await wholeOf(leftBy)
    const counts = { harmless: 0, detected: 0 }
    const ends = [...whole.files].map(([path, bytes]) => ({ path, bits: 8 * bytes.length }))
    const total = ends.reduce((sum, { bits }) => sum + bits, 0)
    for (const number of tried(total, BITS_TRIED / 2)) {
      const { path, bit } = fileOf(ends, number)
      const bytes = Buffer.from(whole.files.get(path) ?? [])
      const position = bit >> 3
      bytes.writeUInt8(bytes.readUInt8(position) ^ (1 << (bit & 7)), position)
      const where = { path, position, end: position + 1 }
      counts[await check(whole, new Map(whole.files).set(path, bytes), where)]++
    }
    expect(counts.detected).toBeGreaterThan(0)
    expect(counts.harmless).toBeGreaterThan(0)
  })

  it('is detected to be damaged, or serves all that it held, with any file cut', {
    timeout: 3_000_000,
  }, async () => {
    const whole = await wholeOf(leftBy)
    let detected = 0
    for (const [path, bytes] of whole.files) {
      for (const length of tried(bytes.length, 40)) {
        const where = { path, position: length, end: bytes.length }
        const outcome = await check(whole, new Map(whole.files).set(path, bytes.subarray(0, length)), where)
        if (outcome === 'detected') detected++
      }
    }
    expect(detected).toBeGreaterThan(0)
  })
})

function fileOf(
  files: readonly { path: string; bits: number }[],
  number: number,
): { path: string; bit: number } {
  let bit = number
  for (const file of files) {
    if (bit < file.bits) return { path: file.path, bit }
    bit -= file.bits
  }
  throw new RangeError(`bit ${number} lies behind all files`)
}
