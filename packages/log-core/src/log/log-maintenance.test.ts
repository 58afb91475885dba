import { describe, expect, it } from 'vitest'
import { appendBytes, cutFile, flipByte } from '../testing/disk-image.ts'
import { appendValues, type Fixture, openFixture, readAll } from '../testing/log-fixtures.ts'
import type { PartitionLog } from './partition-log.ts'

const FIRST = '/data/flights-0/00000000000000000000'

async function openFilled(): Promise<{ fixture: Fixture; log: PartitionLog }> {
  const fixture = await openFixture({ limits: { tailCacheBytesPerLog: 0 } })
  const log = await fixture.openLog({ segmentBytes: 2_500, indexIntervalBytes: 300 })
  for (let i = 0; i < 40; i++) await appendValues(log, [`value ${i}`.padEnd(300, '.')])
  return { fixture, log }
}

/** Lets the pauses of a scrub pass. */
async function scrubbed(fixture: Fixture, log: PartitionLog) {
  let isDone = false
  const scrub = log.scrub({ bytesPerSecond: 1_000 }).finally(() => {
    isDone = true
  })
  while (!isDone) {
    fixture.clock.advance(1_000_000)
    await new Promise(setImmediate)
  }
  return scrub
}

describe('scrubbing', () => {
  it('reads every sealed segment and finds nothing where nothing is wrong', async () => {
    const { fixture, log } = await openFilled()
    const { segments, bytes, damages } = await scrubbed(fixture, log)
    expect(segments).toBe(log.segmentCount - 1)
    expect(bytes).toBeGreaterThan(10_000)
    expect(damages).toEqual([])
  })

  it.each([
    ['a record', 70],
    ['a leader epoch, which no batch CRC covers', 15],
  ])(
    'finds %s that has changed after it was read once, and gives nothing of the segment any more',
    async (_, at) => {
      const { fixture, log } = await openFilled()
      await readAll(log)
      flipByte(fixture.fs, `${FIRST}.log`, at)
      const { damages } = await scrubbed(fixture, log)
      expect(damages).toMatchObject([{ code: 'CORRUPT', path: `${FIRST}.log` }])
      await expect(readAll(log)).rejects.toMatchObject({ code: 'CORRUPT' })
      expect((await readAll(log, 20)).length).toBe(20)
      expect(log.state).toBe('online')
    },
  )

  it('keeps to its rate', async () => {
    const { fixture, log } = await openFilled()
    const scrub = log.scrub({ bytesPerSecond: 1_000 })
    await new Promise(setImmediate)
    fixture.clock.advance(500)
    await new Promise(setImmediate)
    const isDone = await Promise.race([
      scrub.then(() => true),
      new Promise((resolve) => setImmediate(resolve, false)),
    ])
    expect(isDone).toBe(false)
    const closed = fixture.directory.close()
    fixture.clock.advance(1_000_000)
    await closed
    expect((await scrub).segments).toBe(0)
  })
})

describe('an index that is not the one that was sealed', () => {
  it.each(['index', 'timeindex'])('is built again from the batches: %s', async (kind) => {
    const { fixture, log } = await openFilled()
    await fixture.directory.close()
    flipByte(fixture.fs, `${FIRST}.${kind}`, 3)
    const again = await openFixture({ fs: fixture.fs, limits: { tailCacheBytesPerLog: 0 } })
    const reopened = await again.openLog({ segmentBytes: 2_500 })
    expect((await readAll(reopened)).length).toBe(40)
    expect(await reopened.offsetForTimestamp(1_000)).toMatchObject({ offset: 0 })
    expect(log.logEndOffset).toBe(40)
  })

  it('is not believed behind a damaged seal: a power failure may have torn it', async () => {
    const { fixture, log } = await openFilled()
    await fixture.directory.close()
    flipByte(fixture.fs, `${FIRST}.seal`, 59)
    cutFile(fixture.fs, `${FIRST}.timeindex`, 0)
    appendBytes(fixture.fs, `${FIRST}.timeindex`, Buffer.alloc(12))
    const again = await openFixture({ fs: fixture.fs, limits: { tailCacheBytesPerLog: 0 } })
    const reopened = await again.openLog({ segmentBytes: 2_500, retentionMs: 500 })
    expect(await reopened.applyRetention(1_500)).toBe(0)
    expect(reopened.logEndOffset).toBe(log.logEndOffset)
  })
})

describe('retention', () => {
  it('asks the oldest segments for their age, and no further than to the first that stays', async () => {
    const { fixture, log } = await openFilled()
    const seals: string[] = []
    const readFile = fixture.fs.readFile.bind(fixture.fs)
    fixture.fs.readFile = (path) => {
      if (path.endsWith('.seal')) seals.push(path)
      return readFile(path)
    }
    const segmentCount = log.segmentCount
    log.updateConfig({ ...log.config, retentionMs: -1, retentionBytes: log.sizeBytes - 5_000 })
    const removedCount = await log.applyRetention(1)
    expect(removedCount).toBeGreaterThan(0)
    expect(log.segmentCount).toBe(segmentCount - removedCount)
    expect(seals.length).toBe(removedCount + 1)
  })

  it('removes segments whose newest record is older than retention.ms, the active one too', async () => {
    const fixture = await openFixture()
    const log = await fixture.openLog({ segmentBytes: 300, retentionMs: 1_000 })
    for (let i = 0; i < 12; i++) await appendValues(log, [`value ${i}`], { timestampMs: 10_000 + i * 100 })
    expect(await log.applyRetention(11_500)).toBeGreaterThan(0)
    expect(log.logStartOffset).toBeGreaterThanOrEqual(3)
    expect(log.logStartOffset).toBeLessThanOrEqual(6)
    await log.applyRetention(99_999)
    expect(log.logStartOffset).toBe(12)
    expect(log.segmentCount).toBe(1)
    expect(await appendValues(log, ['next'])).toBe(12)
  })

  it('removes the oldest segments above retention.bytes', async () => {
    const fixture = await openFixture()
    const log = await fixture.openLog({ segmentBytes: 300, retentionBytes: 700 })
    for (let i = 0; i < 30; i++) await appendValues(log, [`value ${i}`])
    await log.applyRetention(2_000)
    expect(log.sizeBytes).toBeGreaterThanOrEqual(700)
    expect(log.sizeBytes).toBeLessThan(1_100)
  })

  it('keeps everything under retention.ms=-1 and under compact', async () => {
    const fixture = await openFixture()
    const log = await fixture.openLog({ segmentBytes: 300, retentionMs: -1 })
    for (let i = 0; i < 10; i++) await appendValues(log, [`value ${i}`])
    expect(await log.applyRetention(Number.MAX_SAFE_INTEGER)).toBe(0)
    log.updateConfig({ ...log.config, retentionMs: 1, cleanupPolicy: ['compact'] })
    expect(await log.applyRetention(Number.MAX_SAFE_INTEGER)).toBe(0)
  })

  it('removes files only after file.delete.delay.ms', async () => {
    const fixture = await openFixture()
    const log = await fixture.openLog({ segmentBytes: 300, retentionMs: 1, fileDeleteDelayMs: 5_000 })
    for (let i = 0; i < 10; i++) await appendValues(log, [`value ${i}`])
    await log.applyRetention(99_999)
    const deleted = () =>
      fixture.fs.list('/data/flights-0').filter(({ name }) => name.endsWith('.deleted')).length
    expect(deleted()).toBeGreaterThan(0)
    fixture.clock.advance(5_000)
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    expect(deleted()).toBe(0)
  })
})

describe('DeleteRecords', () => {
  it('moves the beginning into the middle of a segment, over a restart too', async () => {
    const fixture = await openFixture()
    const log = await fixture.openLog({ segmentBytes: 300 })
    for (let i = 0; i < 10; i++) await appendValues(log, [`value ${i}`])
    await log.truncateBefore(4)
    expect(log.logStartOffset).toBe(4)
    await log.truncateBefore(2)
    expect(log.logStartOffset).toBe(4)
    expect(() => log.read({ offset: 3, maxBytes: 1, isFirstBatchWhole: true, limit: 'log-end' })).toThrow(
      /offset 3/,
    )
    await expect(log.truncateBefore(11)).rejects.toThrow(/offset 11/)
    await fixture.directory.close()
    const again = await openFixture({ fs: fixture.fs })
    expect((await again.openLog()).logStartOffset).toBe(4)
  })
})
