import { describe, expect, it } from 'vitest'
import { buildBatch } from './batch-builder.ts'
import { scanBatches } from './batch-scanner.ts'

const batches = [0, 10, 20].map((baseOffset) =>
  buildBatch([{ key: null, value: 'x'.repeat(baseOffset), timestampMs: baseOffset }], { baseOffset }),
)
const all = Buffer.concat(batches)
const sizes = batches.map((batch) => batch.length)
const [first = 0, second = 0] = sizes
const offsets = (buffer: Buffer, start?: number, end?: number) =>
  [...scanBatches(buffer, start, end)].map(({ header }) => header.baseOffset)

describe('scanBatches', () => {
  it('yields the batches with their positions', () => {
    expect([...scanBatches(all)].map(({ position, header }) => [position, header.baseOffset])).toEqual([
      [0, 0],
      [first, 10],
      [first + second, 20],
    ])
  })

  it('stays within the range', () => {
    expect(offsets(all, first)).toEqual([10, 20])
    expect(offsets(all, 0, first + second)).toEqual([0, 10])
    expect(offsets(all, first, first + second)).toEqual([10])
  })

  it('stops at a batch that is cut off, wherever the cut is', () => {
    for (let end = 0; end < all.length; end++) {
      const whole = [first, first + second].filter((boundary) => boundary <= end).length
      expect(offsets(all.subarray(0, end))).toHaveLength(whole)
      expect(offsets(all, 0, end)).toHaveLength(whole)
    }
  })

  it('refuses a header that cannot be right', () => {
    const damaged = Buffer.from(all)
    damaged.writeInt8(9, first + 16)
    const scan = scanBatches(damaged)
    expect(scan.next().value?.header.baseOffset).toBe(0)
    expect(() => scan.next()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MAGIC' }))
  })

  it('yields nothing of nothing', () => {
    expect(offsets(Buffer.alloc(0))).toEqual([])
  })
})
