import {
  buildBatch,
  type CompressionId,
  readBatchHeader,
  readBatchRecords,
  scanBatches,
} from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../fs/file-system.ts'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { decodeSegmentSeal, encodeSegmentSeal } from '../segment/segment-seal.ts'
import { copyDisk, flipByte, namesIn } from '../testing/disk-image.ts'
import { failingFileSystem } from '../testing/failing-file-system.ts'
import { type Fixture, openFixture } from '../testing/log-fixtures.ts'

const DIRECTORY = '/data/flights-0'
const COMPACT = { cleanupPolicy: ['compact'] as const, segmentBytes: 2_500, indexIntervalBytes: 200 }
const NOW_MS = 5_000_000

interface Keyed {
  readonly offset: number
  readonly key: string
  readonly value: string | null
}

async function openCompacted(
  options: Parameters<typeof openFixture>[0] = {},
  config: Parameters<Fixture['openLog']>[0] = {},
): Promise<{ fixture: Fixture; log: PartitionLog }> {
  const fixture = await openFixture({ limits: { tailCacheBytesPerLog: 0 }, ...options })
  return { fixture, log: await fixture.openLog({ ...COMPACT, ...config }) }
}

async function put(
  log: PartitionLog,
  entries: readonly (readonly [string, string | null])[],
  compression: CompressionId = 0,
): Promise<void> {
  const records = entries.map(([key, value], index) => ({
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value.padEnd(200, '.')),
    timestampMs: 1_000_000 + index,
  }))
  const batch = buildBatch(records, { compression })
  const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
  if (outcome.kind !== 'appended') throw new Error(outcome.kind)
  await outcome.committed
}

async function contents(log: PartitionLog, from = log.logStartOffset): Promise<Keyed[]> {
  const found: Keyed[] = []
  for (let offset = from; offset < log.highWatermark; ) {
    const slice = await log.read({ offset, maxBytes: 500, isFirstBatchWhole: true, limit: 'high-watermark' })
    if (slice.sizeBytes === 0) break
    for (const buffer of slice.buffers) {
      for (const { position, header } of scanBatches(buffer)) {
        for (const record of readBatchRecords(buffer, position)) {
          const value = record.value === null ? null : record.value.toString().replace(/\.+$/, '')
          if (record.offset >= from) found.push({ offset: record.offset, key: String(record.key), value })
        }
        offset = header.lastOffset + 1
      }
    }
  }
  return found
}

/** What must be there whatever compaction did: the newest record of each key that is no tombstone. */
function newestOf(records: readonly Keyed[]): Map<string, Keyed> {
  const newest = new Map(records.map((record) => [record.key, record]))
  for (const [key, { value }] of newest) if (value === null) newest.delete(key)
  return newest
}

async function compactAll(log: PartitionLog, nowMs = NOW_MS, memoryBytes = 1_000_000): Promise<number> {
  for (let passes = 0; ; passes++) {
    const result = await log.compact({ nowMs, seed: 7 + passes, memoryBytes })
    if (result === null) return passes
  }
}

async function fill(log: PartitionLog, count: number, keys: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const entries = [0, 1, 2].map((j): [string, string | null] => {
      const n = i * 3 + j
      return [`key ${(n * 7) % keys}`, n % 11 === 10 ? null : `value ${n}`]
    })
    await put(log, entries, (i % 5) as CompressionId)
  }
}

describe('compaction', () => {
  it('keeps the newest record of each key, at its offset, and drops the others', async () => {
    const { log } = await openCompacted()
    await fill(log, 60, 20)
    const before = await contents(log)
    const sizeBytes = log.sizeBytes
    await compactAll(log)
    const after = await contents(log)
    expect(newestOf(after)).toEqual(newestOf(before))
    expect(after.length).toBeLessThan(before.length / 2)
    expect(log.sizeBytes).toBeLessThan(sizeBytes / 2)
    for (const record of after) expect(before).toContainEqual(record)
  })

  it('keeps the active segment, and the last record before it, as they are', async () => {
    const { log } = await openCompacted()
    await fill(log, 60, 1)
    await log.applyRetention(NOW_MS)
    const before = await contents(log)
    await compactAll(log)
    const after = await contents(log)
    const activeBase = before.findIndex(({ offset }) => offset === after.at(-1)?.offset)
    expect(activeBase).toBe(before.length - 1)
    expect(after.at(-1)).toEqual(before.at(-1))
  })

  it('finds records by offset and time across the gaps that it leaves', async () => {
    const { fixture, log: written } = await openCompacted()
    await fill(written, 60, 20)
    await compactAll(written)
    // Opened again, because the newest records would come from memory, as they were appended.
    const { log } = await openCompacted({ fs: copyDisk(fixture.fs) })
    const all = await contents(log)
    for (let offset = 0; offset < log.logEndOffset; offset += 7) {
      const rest = await contents(log, offset)
      expect(rest[0]).toEqual(all.find((record) => record.offset >= offset))
    }
    expect(await log.offsetForTimestamp(0)).toMatchObject({ offset: all[0]?.offset })
  })

  it('takes as many passes as the memory for keys needs', async () => {
    const { log } = await openCompacted()
    await fill(log, 100, 100)
    const before = await contents(log)
    const passes = await compactAll(log, NOW_MS, 16 * 25)
    expect(passes).toBeGreaterThan(3)
    const after = await contents(log)
    expect(newestOf(after)).toEqual(newestOf(before))
    expect(after.length).toBeLessThan(before.length / 2)
  })

  it('keeps a tombstone until consumers had time to see it', async () => {
    const { log } = await openCompacted({}, { deleteRetentionMs: 1_000 })
    await put(log, [
      ['gone', 'value'],
      ['stays', 'value'],
    ])
    await put(log, [['gone', null]])
    for (let i = 0; i < 20; i++) await put(log, [['other', `value ${i}`]])
    await compactAll(log)
    expect((await contents(log)).filter(({ key }) => key === 'gone')).toEqual([
      { offset: 2, key: 'gone', value: null },
    ])
    for (let i = 0; i < 20; i++) await put(log, [['other', `value ${i}`]])
    await compactAll(log, NOW_MS + 999)
    expect((await contents(log)).some(({ key }) => key === 'gone')).toBe(true)
    for (let i = 0; i < 20; i++) await put(log, [['other', `value ${i}`]])
    await compactAll(log, NOW_MS + 1_000)
    expect((await contents(log)).map(({ key }) => key)).not.toContain('gone')
    expect((await contents(log)).map(({ key }) => key)).toContain('stays')
  })

  it('puts small neighbours together', async () => {
    const { log } = await openCompacted()
    await fill(log, 100, 10)
    await compactAll(log)
    for (let i = 0; i < 20; i++) await put(log, [['other', `value ${i}`]])
    const before = log.segmentCount
    await compactAll(log)
    expect(log.segmentCount).toBeLessThan(before)
  })

  it('goes on where it stopped, over a restart', async () => {
    const { fixture, log } = await openCompacted()
    await fill(log, 60, 20)
    await compactAll(log)
    await fixture.directory.close()
    const again = await openCompacted({ fs: fixture.fs })
    expect(again.log.compactionPlan(NOW_MS)).toMatchObject({ dirtyBytes: 0, isDue: false })
    expect(await again.log.compact({ nowMs: NOW_MS, seed: 1 })).toBeNull()
  })

  it('opens after a kill with everything that was compacted', async () => {
    const { fixture, log } = await openCompacted()
    await fill(log, 60, 20)
    await compactAll(log)
    const expected = await contents(log)
    const again = await openCompacted({ fs: copyDisk(fixture.fs) })
    expect(await contents(again.log)).toEqual(expected)
  })

  it('gives up when the log is closed meanwhile', async () => {
    const { fixture, log } = await openCompacted()
    await fill(log, 60, 20)
    const pass = log.compact({ nowMs: NOW_MS, seed: 1, share: 0.5 })
    await fixture.directory.close()
    expect(await pass).toBeNull()
    expect(namesIn(fixture.fs, DIRECTORY).some((name) => /cleaned|swap/.test(name))).toBe(false)
  })

  it('refuses to copy damage under a new seal', async () => {
    const { fixture, log } = await openCompacted()
    await fill(log, 60, 20)
    flipByte(fixture.fs, `${DIRECTORY}/00000000000000000000.log`, 80)
    await expect(log.compact({ nowMs: NOW_MS, seed: 1 })).rejects.toMatchObject({ code: 'CORRUPT' })
    expect(namesIn(fixture.fs, DIRECTORY).some((name) => /cleaned|swap/.test(name))).toBe(false)
  })

  it('leaves a log alone whose policy does not say so', async () => {
    const { log } = await openCompacted({}, { cleanupPolicy: ['delete'] })
    await fill(log, 60, 20)
    expect(await log.compact({ nowMs: NOW_MS, seed: 1 })).toBeNull()
  })
})

describe('a swap', () => {
  it('gives no name to the new segment before the old ones are durably gone', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    const { log } = await openCompacted({ fs })
    await fill(log, 60, 20)
    await compactAll(log)
    for (let i = 0; i < 20; i++) await put(log, [['other', `value ${i}`]])
    fs.calls.length = 0
    await compactAll(log)
    const removed = fs.calls.findIndex((call) => call.startsWith('remove') && /[1-9]\d*\.log$/.test(call))
    const renamed = fs.calls.findIndex((call) => call.startsWith('rename') && call.endsWith('.log.swap'))
    const synced = fs.calls.findIndex((call, index) => index > removed && call.startsWith('syncDirectory'))
    expect(removed).toBeGreaterThan(0)
    expect(renamed).toBeGreaterThan(synced)
  })
})

describe('a swap that was interrupted', () => {
  /** The files before a compaction and after it, and one of the segments that it replaced. */
  async function swapped(): Promise<{ before: FileSystem; after: FileSystem; expected: Keyed[] }> {
    const { fixture, log } = await openCompacted({}, { segmentBytes: 7_000 })
    await put(log, [['only', 'here']])
    await fill(log, 60, 20)
    for (let i = 0; i < 5; i++) await put(log, [['other', `value ${i}`]])
    const before = copyDisk(fixture.fs)
    await log.compact({ nowMs: NOW_MS, seed: 1 })
    return { before, after: copyDisk(fixture.fs), expected: await contents(log) }
  }

  function place(fs: FileSystem, name: string, bytes: Buffer): void {
    const path = `${DIRECTORY}/${name}`
    if (fs.exists(path)) fs.remove(path)
    const file = fs.open(path, 'create')
    file.appendSync([bytes])
    file.close()
  }

  const LOG = '00000000000000000000.log'
  const SEAL = '00000000000000000000.seal'

  it.each([
    ['both new files under their swap names', ['log', 'seal'], []],
    ['the segment renamed and the seal not', ['seal'], ['log']],
    ['the seal renamed and the segment not', ['log'], ['seal']],
  ] as const)('is completed: %s', async (_, asSwap, inPlace) => {
    const { before, after, expected } = await swapped()
    for (const kind of ['log', 'seal'] as const) {
      const name = kind === 'log' ? LOG : SEAL
      const bytes = after.readFile(`${DIRECTORY}/${name}`)
      if (asSwap.some((swap) => swap === kind)) place(before, `${name}.swap`, bytes)
      if (inPlace.some((swap) => swap === kind)) place(before, name, bytes)
    }
    const { log } = await openCompacted({ fs: before })
    expect(namesIn(before, DIRECTORY).some((name) => name.endsWith('.swap'))).toBe(false)
    const found = await contents(log)
    const firstEnd = expected.findIndex((record, index) => record.offset !== found[index]?.offset)
    expect(newestOf(found)).toEqual(newestOf(expected))
    expect(firstEnd === -1 || firstEnd > 0).toBe(true)
  })

  it('is not taken for completed while a segment that it replaces is there: old and new may both be empty', async () => {
    const { before } = await swapped()
    const old = decodeSegmentSeal(before.readFile(`${DIRECTORY}/${SEAL}`))
    const [, second = ''] = namesIn(before, DIRECTORY)
      .filter((name) => name.endsWith('.log'))
      .sort()
    const secondSeal = decodeSegmentSeal(before.readFile(`${DIRECTORY}/${second.replace('log', 'seal')}`))
    if (old === null || secondSeal === null) throw new Error('two segments are sealed')
    const empty = { ...old, sizeBytes: 0, headerCrc: 0, isCompacted: true }
    place(before, LOG, Buffer.alloc(0))
    place(before, SEAL, encodeSegmentSeal(empty))
    place(before, `${SEAL}.swap`, encodeSegmentSeal({ ...empty, nextOffset: secondSeal.nextOffset }))
    await openCompacted({ fs: before })
    expect(namesIn(before, DIRECTORY)).toContain(second)
    expect(namesIn(before, DIRECTORY).some((name) => name.endsWith('.swap'))).toBe(false)
  })

  it('is given up when it had not been decided, and the old segments are there', async () => {
    const { before, after } = await swapped()
    const expected = await contents((await openCompacted({ fs: copyDisk(before) })).log)
    place(before, `${LOG}.swap`, after.readFile(`${DIRECTORY}/${LOG}`).subarray(0, -1))
    place(before, `${SEAL}.swap`, after.readFile(`${DIRECTORY}/${SEAL}`))
    const { log } = await openCompacted({ fs: before })
    expect(await contents(log)).toEqual(expected)
    expect(namesIn(before, DIRECTORY).some((name) => name.endsWith('.swap'))).toBe(false)
  })

  it('is given up when only its seal was written, over a segment that was compacted before', async () => {
    const { after, expected } = await swapped()
    const seal = decodeSegmentSeal(after.readFile(`${DIRECTORY}/${SEAL}`))
    if (seal === null) throw new Error('no seal')
    place(after, `${SEAL}.swap`, encodeSegmentSeal({ ...seal, sizeBytes: 0, headerCrc: 0 }))
    const { log } = await openCompacted({ fs: after })
    expect(await contents(log)).toEqual(expected)
    expect(namesIn(after, DIRECTORY).some((name) => name.endsWith('.swap'))).toBe(false)
  })

  it('is refused, with nothing changed, when neither the old nor the new segment is whole', async () => {
    const { before, after } = await swapped()
    before.remove(`${DIRECTORY}/${LOG}`)
    place(before, `${LOG}.swap`, after.readFile(`${DIRECTORY}/${LOG}`).subarray(0, -1))
    place(before, `${SEAL}.swap`, after.readFile(`${DIRECTORY}/${SEAL}`))
    const names = namesIn(before, DIRECTORY)
    await expect(openCompacted({ fs: before })).rejects.toMatchObject({ code: 'CORRUPT' })
    expect(namesIn(before, DIRECTORY)).toEqual(names)
  })
})
