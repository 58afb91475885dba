import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { appendTo, appendValues, batchOf, openFixture, readAll, valuesIn } from '../testing/log-fixtures.ts'
import { OffsetOutOfRangeError } from './log-slice.ts'

describe('PartitionLog', () => {
  it('gives back what was appended, with offsets from zero', async () => {
    const { openLog } = await openFixture()
    const log = await openLog()
    expect(await appendValues(log, ['a', 'b'])).toBe(0)
    expect(await appendValues(log, ['c'])).toBe(2)
    expect(log.highWatermark).toBe(3)
    expect(await readAll(log)).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
  })

  it('answers from memory what was appended a moment ago', async () => {
    const { openLog } = await openFixture()
    const log = await openLog()
    await appendValues(log, ['a'])
    const slice = log.read({ offset: 0, maxBytes: 1_000, isFirstBatchWhole: true, limit: 'high-watermark' })
    expect(slice).not.toBeInstanceOf(Promise)
  })

  it('reads from disk, across segments, what memory no longer holds', async () => {
    const { openLog } = await openFixture({ limits: { tailCacheBytesPerLog: 0 } })
    const log = await openLog({ segmentBytes: 2_000 })
    for (let i = 0; i < 20; i++) await appendValues(log, [`${i} `.padEnd(700, '-')])
    const slice = log.read({ offset: 0, maxBytes: 1_000, isFirstBatchWhole: true, limit: 'high-watermark' })
    expect(slice).toBeInstanceOf(Promise)
    expect((await readAll(log)).map(([offset, value]) => [offset, parseInt(value, 10)])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i, i]),
    )
  })

  it('shows an acks=1 record at once and an acks=all record only when it is synced', async () => {
    const { openLog } = await openFixture()
    const log = await openLog()
    const written = appendTo(log, batchOf(['w']), 'written')
    const synced = appendTo(log, batchOf(['s']), 'synced')
    if (written.kind !== 'appended' || synced.kind !== 'appended') throw new Error('refused')
    await written.committed
    expect(log.highWatermark).toBe(1)
    await synced.committed
    expect(log.highWatermark).toBe(2)
  })

  it('keeps everything over a clean close, under the same leader epoch', async () => {
    const fs = memoryFileSystem()
    const first = await openFixture({ fs })
    const log = await first.openLog({ segmentBytes: 300 })
    for (let i = 0; i < 10; i++) await appendValues(log, [`value ${i}`])
    await first.directory.close()
    const second = await openFixture({ fs })
    expect(second.directory.wasCleanShutdown).toBe(true)
    const again = await second.openLog()
    expect(again.logEndOffset).toBe(10)
    expect(again.leaderEpoch).toBe(0)
    expect((await readAll(again)).length).toBe(10)
  })

  it('answers a duplicate with its original offsets', async () => {
    const { openLog } = await openFixture()
    const log = await openLog()
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
    expect(await appendValues(log, ['a', 'b'], producer)).toBe(0)
    const again = appendTo(log, batchOf(['a', 'b'], producer))
    expect(again).toMatchObject({ kind: 'duplicate', baseOffset: 0, lastOffset: 1 })
    expect(log.logEndOffset).toBe(2)
  })

  it('refuses an offset outside the log', async () => {
    const { openLog } = await openFixture()
    const log = await openLog()
    await appendValues(log, ['a'])
    const request = { maxBytes: 10, isFirstBatchWhole: true, limit: 'high-watermark' } as const
    expect(() => log.read({ offset: 2, ...request })).toThrow(OffsetOutOfRangeError)
    const slice = log.read({ offset: 1, ...request })
    if (slice instanceof Promise) throw new Error('not from memory')
    expect(valuesIn(slice)).toEqual([])
  })
})
