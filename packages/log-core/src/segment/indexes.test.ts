import { describe, expect, it } from 'vitest'
import { OffsetIndex } from './offset-index.ts'
import { decodeSegmentSeal, encodeSegmentSeal, type SegmentSeal } from './segment-seal.ts'
import { TimeIndex } from './time-index.ts'
import { VerifiedRanges } from './verified-ranges.ts'

const SEGMENT = { baseOffset: 100, sizeBytes: 10_000 }

function offsetIndex(entries: readonly (readonly [number, number])[]): OffsetIndex {
  const index = new OffsetIndex(SEGMENT.baseOffset)
  for (const [offset, position] of entries) index.append(offset, position)
  return index
}

describe('OffsetIndex', () => {
  const index = offsetIndex([
    [110, 1_000],
    [125, 2_000],
    [190, 3_000],
  ])

  it.each([
    [100, 0],
    [109, 0],
    [110, 1_000],
    [124, 1_000],
    [125, 2_000],
    [189, 2_000],
    [190, 3_000],
    [5_000, 3_000],
  ])('finds for offset %i the last place that is not behind it', (offset, position) => {
    expect(index.lookup(offset).position).toBe(position)
  })

  it("is laid out as Kafka's: relative offset, position, big-endian", () => {
    expect(index.bytes().subarray(0, 8).toString('hex')).toBe('0000000a000003e8')
  })

  it('is read back, without the zeros that Kafka pads an open index with', () => {
    const padded = Buffer.concat([index.bytes(), Buffer.alloc(80)])
    expect(OffsetIndex.parse(padded, SEGMENT)?.entryCount).toBe(3)
  })

  it('refuses bytes that are no index of the segment', () => {
    expect(OffsetIndex.parse(index.bytes().subarray(0, 20), SEGMENT)).toBeNull()
    expect(OffsetIndex.parse(offsetIndex([[110, 10_000]]).bytes(), SEGMENT)).toBeNull()
    const descending = Buffer.concat([index.bytes().subarray(8), index.bytes().subarray(0, 8)])
    expect(OffsetIndex.parse(descending, SEGMENT)).toBeNull()
  })
})

describe('TimeIndex', () => {
  const index = new TimeIndex(100)
  for (const [timestampMs, offset] of [
    [1_000, 110],
    [1_000, 120],
    [900, 130],
    [2 ** 41, 140],
  ] as const) {
    index.append({ timestampMs, offset })
  }

  it('keeps only what is later than the last entry', () => {
    expect(index.entryCount).toBe(2)
    expect(index.entryAt(1)).toEqual({ timestampMs: 2 ** 41, offset: 140 })
  })

  it.each([
    [1_000, null],
    [1_001, 110],
    [2 ** 41, 110],
    [2 ** 41 + 1, 140],
  ])('finds the last entry that is earlier than %i', (timestampMs, offset) => {
    expect(index.lookupBefore(timestampMs)?.offset ?? null).toBe(offset)
  })

  it('does not index the absence of a time', () => {
    const empty = new TimeIndex(0)
    empty.append({ timestampMs: -1, offset: 5 })
    expect(empty.entryCount).toBe(0)
  })

  it('is read back', () => {
    const parsed = TimeIndex.parse(Buffer.concat([index.bytes(), Buffer.alloc(24)]), 100)
    expect(parsed?.bytes().equals(index.bytes())).toBe(true)
    expect(TimeIndex.parse(index.bytes().subarray(1), 100)).toBeNull()
  })
})

describe('segment seal', () => {
  const seal: SegmentSeal = {
    baseOffset: 2 ** 40,
    nextOffset: 2 ** 40 + 7,
    sizeBytes: 123_456,
    isCompacted: true,
    firstTimestampMs: -1,
    maxTimestampMs: 1_700_000_000_000,
    offsetOfMaxTimestamp: 2 ** 40 + 3,
    sealedAtMs: 1_700_000_000_001,
    headerCrc: 0xdead_beef,
    offsetIndexCrc: 1,
    timeIndexCrc: 0xffff_ffff,
  }

  it('is read back as it was written', () => {
    expect(decodeSegmentSeal(encodeSegmentSeal(seal))).toEqual(seal)
  })

  it('notices every flipped bit and every cut', () => {
    const bytes = encodeSegmentSeal(seal)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(decodeSegmentSeal(flipped)).toBeNull()
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeSegmentSeal(bytes.subarray(0, length))).toBeNull()
    }
  })
})

describe('VerifiedRanges', () => {
  it('joins ranges that touch, and knows what lies within one', () => {
    const ranges = new VerifiedRanges()
    ranges.add(0, 10)
    ranges.add(20, 30)
    expect(ranges.has(5, 25)).toBe(false)
    ranges.add(10, 20)
    expect(ranges.has(0, 30)).toBe(true)
    expect(ranges.has(0, 31)).toBe(false)
  })

  it('forgets instead of growing, and never claims what it does not know', () => {
    const ranges = new VerifiedRanges()
    for (let i = 0; i < 1_000; i++) ranges.add(i * 10, i * 10 + 5)
    for (let i = 0; i < 1_000; i++) expect(ranges.has(i * 10 + 5, i * 10 + 6)).toBe(false)
  })
})
