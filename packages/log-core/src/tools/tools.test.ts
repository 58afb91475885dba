import { readBatchHeader } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../fs/file-system.ts'
import { cutFile, flipByte, namesIn } from '../testing/disk-image.ts'
import { appendValues, openFixture, readAll } from '../testing/log-fixtures.ts'
import { type DumpEntry, dumpFile } from './dump-file.ts'
import { type RepairedPartition, repairDirectory, verifyDirectory } from './repair-directory.ts'
import { repairPartition } from './repair-partition.ts'
import { verifyPartition } from './verify-partition.ts'

const DIRECTORY = '/data/flights-0'
const FIRST = `${DIRECTORY}/00000000000000000000`
const NOW_MS = 9_000

/** 30 batches of one record in several segments, cleanly closed. */
async function closedLog(): Promise<FileSystem> {
  const { fs, directory, openLog } = await openFixture()
  const log = await openLog({ segmentBytes: 1_500, indexIntervalBytes: 200 })
  for (let i = 0; i < 30; i++) {
    await appendValues(log, [`value ${i}`.padEnd(120, '.')], {
      producerId: 4,
      producerEpoch: 0,
      baseSequence: i,
    })
  }
  await directory.close()
  return fs
}

async function dump(fs: FileSystem, path: string, options = {}): Promise<DumpEntry[]> {
  const entries: DumpEntry[] = []
  for await (const entry of dumpFile(fs, path, options)) entries.push(entry)
  return entries
}

function kinds(entries: readonly DumpEntry[]): string[] {
  return [...new Set(entries.map(({ kind }) => kind))]
}

/** Opens the repaired log as after a crash, since it was not closed. */
async function offsetsAfterRepair(fs: FileSystem): Promise<number[]> {
  const { openLog, directory } = await openFixture({ fs })
  const offsets = (await readAll(await openLog())).map(([offset]) => offset)
  await directory.close()
  return offsets
}

function sizeOfFirstBatch(fs: FileSystem): number {
  return readBatchHeader(fs.readFile(`${FIRST}.log`)).sizeBytes
}

describe('dump', () => {
  it('tells batches and records of a segment', async () => {
    const fs = await closedLog()
    const entries = await dump(fs, `${FIRST}.log`, { records: true })
    expect(kinds(entries)).toEqual(['batch', 'record'])
    expect(entries[1]).toMatchObject({ kind: 'record', record: { offset: 0 } })
    expect(kinds(await dump(fs, `${FIRST}.log`))).toEqual(['batch'])
  })

  it('tells each batch of a segment that is read in several pieces', async () => {
    const { fs, directory, openLog } = await openFixture()
    const log = await openLog()
    const values = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(700_000))
    for (const value of values) await appendValues(log, [value])
    await directory.close()
    const told: (string | undefined)[] = []
    for await (const entry of dumpFile(fs, `${FIRST}.log`, { records: true }))
      if (entry.kind === 'record') told.push(entry.record.value?.toString())
    expect(told.map((value) => values.indexOf(value ?? ''))).toEqual([0, 1, 2, 3])
  })

  it('tells damage and goes on behind it', async () => {
    const fs = await closedLog()
    const sizeBytes = sizeOfFirstBatch(fs)
    flipByte(fs, `${FIRST}.log`, sizeBytes + 100)
    const entries = await dump(fs, `${FIRST}.log`)
    expect(entries[1]).toMatchObject({ kind: 'damage', position: sizeBytes, firstOffset: 1, endOffset: 2 })
    expect(entries[2]).toMatchObject({ kind: 'batch', header: { baseOffset: 2 } })
  })

  it('tells what every other file of a log holds', async () => {
    const fs = await closedLog()
    const names = namesIn(fs, DIRECTORY)
    const snapshot = names.find((name) => name.endsWith('.snapshot'))
    expect(kinds(await dump(fs, `${FIRST}.index`))).toEqual(['offset-index-entry'])
    expect(kinds(await dump(fs, `${FIRST}.timeindex`))).toEqual(['time-index-entry'])
    expect(kinds(await dump(fs, `${FIRST}.seal`))).toEqual(['seal'])
    expect(kinds(await dump(fs, `${DIRECTORY}/${snapshot}`))).toEqual(['producer'])
    expect(kinds(await dump(fs, `${DIRECTORY}/leader-epoch-checkpoint`))).toEqual(['leader-epoch'])
    const marks = namesIn(fs, '/data').find((name) => name.startsWith('sync-marks'))
    expect(kinds(await dump(fs, `/data/${marks}`))).toEqual(['mark'])
    await expect(dump(fs, '/data/meta.properties')).rejects.toMatchObject({ code: 'NOT_OURS' })
  })

  it('tells that a mark is of a deleted partition', async () => {
    const { fs, directory, openLog } = await openFixture()
    await directory.deleteLog(await openLog())
    await directory.close()
    const marks = namesIn(fs, '/data').find((name) => name.startsWith('sync-marks'))
    expect(kinds(await dump(fs, `/data/${marks}`))).toEqual(['forgotten-mark'])
  })
})

describe('verify', () => {
  it('finds nothing in a log that was closed', async () => {
    const { findings, segments } = await verifyPartition(await closedLog(), DIRECTORY)
    expect(findings).toEqual([])
    expect(segments.reduce((sum, { records }) => sum + records, 0)).toBe(30)
  })

  it.each([
    ['a record', '.log', 100, 'damage'],
    ['a base offset', '.log', 7, 'damage'],
    ['an offset index', '.index', 7, 'derived'],
    ['a time index', '.timeindex', 1, 'derived'],
    ['a seal', '.seal', 20, 'derived'],
  ])('finds a flipped byte of %s', async (_, ending, position, severity) => {
    const fs = await closedLog()
    flipByte(fs, `${FIRST}${ending}`, position)
    const { findings } = await verifyPartition(fs, DIRECTORY)
    expect(findings[0]).toMatchObject({ severity, path: `${FIRST}${ending}` })
  })

  it('finds a snapshot, an epoch checkpoint and a segment that are damaged or gone', async () => {
    const fs = await closedLog()
    const names = namesIn(fs, DIRECTORY)
    const snapshot = names.find((name) => name.endsWith('.snapshot'))
    flipByte(fs, `${DIRECTORY}/${snapshot}`, 4)
    flipByte(fs, `${DIRECTORY}/leader-epoch-checkpoint`, 0)
    fs.remove(`${DIRECTORY}/${names.filter((name) => name.endsWith('.log'))[1]}`)
    const { findings } = await verifyPartition(fs, DIRECTORY)
    expect(findings.map(({ message }) => message).join('\n')).toMatch(
      /checkpoint[\s\S]*next segment begins[\s\S]*snapshot/,
    )
  })
})

describe('repair', () => {
  it('has nothing to do where nothing is wrong', async () => {
    expect((await repairPartition(await closedLog(), DIRECTORY, { nowMs: NOW_MS })).steps).toEqual([])
  })

  it('changes nothing until it is told to', async () => {
    const fs = await closedLog()
    flipByte(fs, `${FIRST}.log`, 100)
    const names = namesIn(fs, DIRECTORY)
    const { steps } = await repairPartition(fs, DIRECTORY, { nowMs: NOW_MS })
    expect(steps).toMatchObject([{ path: `${FIRST}.log`, lostOffsets: { first: 0, end: 1 } }])
    expect(namesIn(fs, DIRECTORY)).toEqual(names)
  })

  it('keeps every good batch of a damaged segment, and the damaged file', async () => {
    const fs = await closedLog()
    flipByte(fs, `${FIRST}.log`, sizeOfFirstBatch(fs) + 100)
    const damaged = fs.readFile(`${FIRST}.log`)
    await repairPartition(fs, DIRECTORY, { nowMs: NOW_MS, isExecuted: true })
    expect(fs.readFile(`${FIRST}.log.damaged`).equals(damaged)).toBe(true)
    expect((await verifyPartition(fs, DIRECTORY)).findings).toEqual([])
    expect((await repairPartition(fs, DIRECTORY, { nowMs: NOW_MS })).steps).toEqual([])
    expect(await offsetsAfterRepair(fs)).toEqual([0, ...Array.from({ length: 28 }, (_, i) => i + 2)])
  })

  it.each([
    ['a base offset', 7],
    ['a length', 11],
    ['a leader epoch', 15],
    ['a format version', 16],
  ])('restores %s, and loses nothing', async (_, at) => {
    const fs = await closedLog()
    flipByte(fs, `${FIRST}.log`, sizeOfFirstBatch(fs) + at)
    const { steps } = await repairPartition(fs, DIRECTORY, { nowMs: NOW_MS, isExecuted: true })
    expect(steps).toMatchObject([{ lostOffsets: null }])
    expect(await offsetsAfterRepair(fs)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })

  it('goes on behind what was synced when the last segment is damaged, so that no offset comes twice', async () => {
    const fs = await closedLog()
    const last =
      namesIn(fs, DIRECTORY)
        .filter((name) => name.endsWith('.log'))
        .at(-1) ?? ''
    const { segments } = await verifyPartition(fs, DIRECTORY)
    const sizeBytes = segments.at(-1)?.sizeBytes ?? 0
    cutFile(fs, `${DIRECTORY}/${last}`, sizeBytes - 50)
    const options = { nowMs: NOW_MS, isExecuted: true, syncedUpTo: 30 }
    const { steps } = await repairPartition(fs, DIRECTORY, options)
    expect(steps[0]).toMatchObject({ lostOffsets: { first: 29, end: 30 } })
    const { openLog } = await openFixture({ fs })
    const log = await openLog()
    expect(log.logEndOffset).toBe(30)
    expect((await readAll(log)).length).toBe(29)
    expect(await appendValues(log, ['next'])).toBe(30)
  })

  it('repairs a data directory under its lock, behind what the sync marks say', async () => {
    const fs = await closedLog()
    const last =
      namesIn(fs, DIRECTORY)
        .filter((name) => name.endsWith('.log'))
        .at(-1) ?? ''
    cutFile(fs, `${DIRECTORY}/${last}`, 0)
    const repaired: RepairedPartition[] = []
    for await (const partition of repairDirectory(fs, '/data', { nowMs: NOW_MS, isExecuted: true })) {
      await expect(openFixture({ fs })).rejects.toMatchObject({ code: 'LOCKED' })
      repaired.push(partition)
    }
    expect(repaired).toMatchObject([{ directory: DIRECTORY, steps: [{ lostOffsets: { end: 30 } }] }])
    for await (const { findings } of verifyDirectory(fs, '/data', { nowMs: NOW_MS }))
      expect(findings).toEqual([])
    const { openLog } = await openFixture({ fs })
    expect((await openLog()).logEndOffset).toBe(30)
  })

  it('builds indexes, seals and epochs again', async () => {
    const fs = await closedLog()
    flipByte(fs, `${FIRST}.index`, 7)
    fs.remove(`${FIRST}.seal`)
    flipByte(fs, `${DIRECTORY}/leader-epoch-checkpoint`, 0)
    await repairPartition(fs, DIRECTORY, { nowMs: NOW_MS, isExecuted: true })
    expect((await verifyPartition(fs, DIRECTORY)).findings).toEqual([])
    expect(fs.exists(`${FIRST}.index.damaged`)).toBe(true)
    expect(await offsetsAfterRepair(fs)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })
})
