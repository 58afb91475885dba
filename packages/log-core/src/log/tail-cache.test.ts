import { buildBatch, readBatchHeader, stampBatch } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { TailCache, TailCacheBudget, type TailSlice } from './tail-cache.ts'

const MIB = 1024 * 1024

function filled(cache: TailCache, count: number, { valueBytes = 100, from = 0 } = {}): Buffer[] {
  const written: Buffer[] = []
  for (let i = from; i < from + count; i++) {
    const batch = buildBatch([{ key: null, value: Buffer.alloc(valueBytes, i), timestampMs: 1 }])
    stampBatch(batch, 0, { baseOffset: i, partitionLeaderEpoch: 0 })
    written.push(cache.add(batch, { baseOffset: i, lastOffset: i, ownsMemory: false }))
  }
  return written
}

function offsetsIn(slice: TailSlice | null): number[] | null {
  if (slice === null) return null
  const bytes = Buffer.concat(slice.buffers)
  const offsets: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const header = readBatchHeader(bytes, at)
    offsets.push(header.baseOffset)
    at += header.sizeBytes
  }
  return offsets
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

function createCache(
  bytesPerLog = MIB,
  budget = new TailCacheBudget(64 * MIB),
  writtenEnd = Number.POSITIVE_INFINITY,
): TailCache {
  return new TailCache(budget, bytesPerLog, () => writtenEnd)
}

/** A batch in memory of its own, as a frame with nothing else in it has it. */
function largeBatch(baseOffset: number): Buffer {
  const built = buildBatch([{ key: null, value: Buffer.alloc(99_900), timestampMs: 1 }])
  const large = Buffer.allocUnsafeSlow(built.length)
  built.copy(large)
  stampBatch(large, 0, { baseOffset, partitionLeaderEpoch: 0 })
  return large
}

describe('TailCache', () => {
  it('gives batches from any offset on, up to the end and the size that are asked for', () => {
    const cache = createCache()
    const written = filled(cache, 500)
    const sizeBytes = written[0]?.length ?? 0
    for (const offset of [0, 1, 57, 123, 499]) {
      const all = cache.read({ offset, endOffset: 500, maxBytes: MIB, isFirstBatchWhole: true })
      expect(offsetsIn(all)).toEqual(range(offset, 500))
      const some = cache.read({
        offset,
        endOffset: 500,
        maxBytes: sizeBytes * 3 + 1,
        isFirstBatchWhole: true,
      })
      expect(offsetsIn(some)).toEqual(range(offset, Math.min(500, offset + 3)))
      const until = cache.read({ offset, endOffset: offset + 1, maxBytes: MIB, isFirstBatchWhole: true })
      expect(offsetsIn(until)).toEqual([offset])
    }
  })

  it('gives the first batch whole only when that is asked for', () => {
    const cache = createCache()
    filled(cache, 3)
    const request = { offset: 1, endOffset: 3, maxBytes: 10 }
    expect(offsetsIn(cache.read({ ...request, isFirstBatchWhole: true }))).toEqual([1])
    expect(cache.read({ ...request, isFirstBatchWhole: false })?.buffers).toEqual([])
  })

  it('writes what it keeps, and keeps large batches without a copy', () => {
    const cache = createCache()
    const [small] = filled(cache, 1)
    const large = largeBatch(1)
    const kept = cache.add(large, { baseOffset: 1, lastOffset: 1, ownsMemory: false })
    expect(kept.buffer).toBe(large.buffer)
    expect(small?.buffer.byteLength).toBe(4096)
  })

  it('copies a batch that is a small part of a large frame', () => {
    const cache = createCache()
    const frame = Buffer.allocUnsafeSlow(MIB)
    buildBatch([{ key: null, value: Buffer.alloc(20_000), timestampMs: 1 }]).copy(frame)
    const batch = frame.subarray(0, readBatchHeader(frame).sizeBytes)
    const kept = cache.add(batch, { baseOffset: 0, lastOffset: 0, ownsMemory: false })
    expect(kept.buffer).not.toBe(frame.buffer)
    expect(cache.heldBytes).toBeLessThan(30_000)
  })

  it('forgets the oldest when it is full, and says that it does not reach back', () => {
    const cache = createCache(100_000)
    filled(cache, 2_000)
    expect(cache.heldBytes).toBeLessThanOrEqual(100_000)
    expect(cache.read({ offset: 0, endOffset: 2_000, maxBytes: MIB, isFirstBatchWhole: true })).toBeNull()
    const newest = cache.read({ offset: 1_990, endOffset: 2_000, maxBytes: MIB, isFirstBatchWhole: true })
    expect(offsetsIn(newest)).toEqual(range(1_990, 2_000))
  })

  it('takes memory from the cache that was appended to longest ago when all together are full', () => {
    const budget = new TailCacheBudget(60_000)
    const idle = createCache(50_000, budget)
    const busy = createCache(50_000, budget)
    filled(idle, 200)
    filled(busy, 200)
    expect(budget.usedBytes).toBeLessThanOrEqual(60_000)
    expect(idle.heldBytes + busy.heldBytes).toBe(budget.usedBytes)
    filled(busy, 500, { from: 200 })
    expect(idle.heldBytes).toBeLessThan(30_000)
    const newest = busy.read({ offset: 699, endOffset: 700, maxBytes: MIB, isFirstBatchWhole: true })
    expect(offsetsIn(newest)).toEqual([699])
  })

  it('counts the bytes between two offsets', () => {
    const cache = createCache()
    const written = filled(cache, 300)
    const sizeBytes = written[0]?.length ?? 0
    expect(cache.bytesBetween(0, 300)).toBe(300 * sizeBytes)
    expect(cache.bytesBetween(100, 103)).toBe(3 * sizeBytes)
    expect(cache.bytesBetween(300, 300)).toBe(0)
  })

  it('gives everything back when it is cleared', () => {
    const budget = new TailCacheBudget(MIB)
    const cache = createCache(MIB, budget)
    filled(cache, 100)
    cache.clear()
    expect(budget.usedBytes).toBe(0)
    expect(cache.read({ offset: 0, endOffset: 1, maxBytes: 1, isFirstBatchWhole: true })).toBeNull()
  })
})

describe('the memory of a batch that the cache owns', () => {
  const whole = { maxBytes: MIB, isFirstBatchWhole: true }
  const owned = (baseOffset: number) => ({ baseOffset, lastOffset: baseOffset, ownsMemory: true })

  it('is given back when the batch has to go', () => {
    const cache = createCache()
    const batch = largeBatch(0)
    cache.add(batch, owned(0))
    cache.evictOldest()
    expect(batch.buffer.byteLength).toBe(0)
  })

  it('is given back at once when the batch was copied', () => {
    const cache = createCache()
    const frame = Buffer.allocUnsafeSlow(MIB)
    largeBatch(0).copy(frame)
    const kept = cache.add(frame.subarray(0, readBatchHeader(frame).sizeBytes), owned(0))
    expect(frame.buffer.byteLength).toBe(0)
    expect(readBatchHeader(kept).baseOffset).toBe(0)
  })

  it('stays while a slice that looks into it was not released', () => {
    const cache = createCache()
    const batch = largeBatch(0)
    cache.add(batch, owned(0))
    const slices = [1, 2].map(() => cache.read({ offset: 0, endOffset: 1, ...whole }))
    cache.evictOldest()
    slices[0]?.release()
    slices[0]?.release()
    expect(offsetsIn(slices[1] ?? null)).toEqual([0])
    slices[1]?.release()
    expect(batch.buffer.byteLength).toBe(0)
  })

  it('stays while the batch is still to be written', () => {
    const cache = createCache(MIB, new TailCacheBudget(64 * MIB), 1)
    const [written, queued] = [largeBatch(0), largeBatch(1)]
    cache.add(written, owned(0))
    cache.add(queued, owned(1))
    cache.clear()
    expect(written.buffer.byteLength).toBe(0)
    expect(queued.length).toBeGreaterThan(99_900)
  })

  it('is left alone when others look into it too', () => {
    const cache = createCache()
    const batch = largeBatch(0)
    cache.add(batch, { ...owned(0), ownsMemory: false })
    cache.evictOldest()
    expect(batch.length).toBeGreaterThan(99_900)
  })
})
