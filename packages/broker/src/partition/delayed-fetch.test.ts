import { SimulatedClock } from '@millrace/simulator'
import { beforeEach, describe, expect, it } from 'vitest'
import { DelayedFetches, type WaitEntry } from './delayed-fetch.ts'
import type { Partition } from './partition.ts'

/** As much of a partition as waiting needs: how far it can be read. */
class FakePartition {
  readonly waiting = new Set<WaitEntry>()
  endOffset = 0
  askedCount = 0

  /** A byte for each offset. */
  readableBytes(offset: number): number {
    this.askedCount++
    return Math.max(0, this.endOffset - offset)
  }
}

describe('DelayedFetches', () => {
  let clock: SimulatedClock
  let fetches: DelayedFetches
  beforeEach(() => {
    clock = new SimulatedClock()
    fetches = new DelayedFetches(clock)
  })

  const fake = (): { partition: Partition; fake: FakePartition } => {
    const one = new FakePartition()
    // DelayedFetches uses nothing else of a partition.
    return { partition: one as unknown as Partition, fake: one }
  }
  const park = (
    connectionId: number,
    partitions: readonly Partition[],
    missingBytes: number,
    maxWaitMs = 1000,
  ) =>
    fetches.park({
      connectionId,
      awaited: partitions.map((partition) => ({ partition, offset: 0, readableBytes: 0 })),
      missingBytes,
      maxWaitMs,
    })

  it('wakes a fetch when its partitions have enough together', async () => {
    const [a, b] = [fake(), fake()]
    const woken = park(1, [a.partition, b.partition], 10)
    a.fake.endOffset = 6
    fetches.notify(a.partition)
    expect(fetches.size).toBe(1)
    b.fake.endOffset = 4
    fetches.notify(b.partition)
    expect(await woken).toBe('data')
    expect([a.fake.waiting.size, b.fake.waiting.size, fetches.size]).toEqual([0, 0, 0])
  })

  it('looks at nothing but the fetches parked on the partition that moved', () => {
    const partitions = Array.from({ length: 100 }, fake)
    for (const [index, { partition }] of partitions.entries()) void park(index, [partition], 5)
    const [moved] = partitions
    if (moved === undefined) throw new Error('a hundred partitions')
    moved.fake.endOffset = 1
    fetches.notify(moved.partition)
    expect(partitions.map(({ fake: { askedCount } }) => askedCount)).toEqual([1, ...new Array(99).fill(0)])
  })

  it('wakes at the deadline when there was too little', async () => {
    const { partition } = fake()
    const woken = park(1, [partition], 10, 300)
    await clock.advance(299)
    expect(fetches.size).toBe(1)
    await clock.advance(2)
    expect(await woken).toBe('deadline')
  })

  it('keeps nothing of a connection that is gone', async () => {
    const { fake: one, partition } = fake()
    const woken = park(7, [partition], 10, 2 ** 31 - 1)
    fetches.cancel(8)
    expect(fetches.size).toBe(1)
    fetches.cancel(7)
    expect(await woken).toBe('closing')
    expect([one.waiting.size, fetches.size]).toEqual([0, 0])
  })

  it('wakes everything when it closes, and parks nothing more', async () => {
    const { partition } = fake()
    const woken = [park(1, [partition], 10), park(2, [partition], 10)]
    fetches.close()
    expect(await Promise.all(woken)).toEqual(['closing', 'closing'])
    expect(await park(3, [partition], 10)).toBe('closing')
  })
})
