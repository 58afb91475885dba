import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { buildBatch, crc32c, readBatchHeader } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import {
  type FileSystem,
  LogDirectory,
  memoryFileSystem,
  nodeClock,
  openLog,
  StorageError,
  silentLogger,
  string,
} from '../src/index.ts'
import { appendBytes, cutFile, namesIn } from '../src/testing/disk-image.ts'

const LOG = '/data/log-0'
const FIRST_SEGMENT = `${LOG}/00000000000000000000.log`
const value = string()

/** A log of three segments, of two records each, as a process left it that was killed. */
async function threeSegments(): Promise<FileSystem> {
  const fs = await threeSegmentsClosed()
  fs.remove('/data/clean-shutdown')
  return fs
}

/** The same after a clean stop. */
async function threeSegmentsClosed(): Promise<FileSystem> {
  const fs = memoryFileSystem()
  const log = await openLog('/data', { fileSystem: fs, value, config: { segmentBytes: 100 } })
  for (const [index, text] of ['a', 'b', 'c'].entries()) {
    const record = { value: text, timestampMs: index * 2_000 }
    await log.appendMany([record, record])
  }
  await log.close()
  return fs
}

async function withoutSeals(): Promise<FileSystem> {
  const fs = await threeSegments()
  for (const name of namesIn(fs, LOG)) if (name.endsWith('.seal')) fs.remove(`${LOG}/${name}`)
  return fs
}

/** Adds entries that ascend as good ones do, for batches that the segment does not have. */
function lengthenIndexes(fs: FileSystem, segment: string): void {
  const offsetEntry = Buffer.alloc(8)
  offsetEntry.writeInt32BE(1, 0)
  offsetEntry.writeInt32BE(10, 4)
  const timeEntry = Buffer.alloc(12)
  timeEntry.writeInt32BE(5_000, 4)
  timeEntry.writeInt32BE(90, 8)
  appendBytes(fs, `${segment}.index`, offsetEntry)
  appendBytes(fs, `${segment}.timeindex`, timeEntry)
}

async function valuesOf(fileSystem: FileSystem): Promise<(string | null)[]> {
  await using log = await openLog('/data', { fileSystem, value })
  const values: (string | null)[] = []
  for await (const record of log.read()) values.push(record.value)
  return values
}

/** Everything below `/data/log-0`, to see that a refusal changed nothing. */
function contentOf(fs: FileSystem): string[] {
  return fs.list(LOG).map(({ name }) => `${name} ${crc32c(fs.readFile(`${LOG}/${name}`))}`)
}

describe('records', () => {
  it('keep null and empty keys and values as they are', async () => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem(), value })
    await log.appendMany([
      { key: null, value: null },
      { key: '', value: '' },
      { value: '', headers: [{ name: '', value: null }] },
    ])
    const found = []
    for await (const { key, value: text, headers } of log.read()) found.push({ key, text, headers })
    expect(found).toEqual([
      { key: null, text: null, headers: [] },
      { key: '', text: '', headers: [] },
      { key: null, text: '', headers: [{ name: '', value: null }] },
    ])
  })

  it.each([-1, -86_400_000, 253_402_300_800_000, 1.5, Number.NaN, 2 ** 53])(
    'are refused with a time of %d, and nothing of them is appended',
    async (timestampMs) => {
      await using log = await openLog('/data', { fileSystem: memoryFileSystem(), value })
      const refusal = {
        code: 'INVALID_TIMESTAMP',
        path: LOG,
        message: expect.stringContaining(String(timestampMs)),
      }
      await expect(log.append({ value: 'x', timestampMs })).rejects.toMatchObject(refusal)
      await expect(log.appendMany([{ value: 'good' }, { value: 'x', timestampMs }])).rejects.toMatchObject(
        refusal,
      )
      expect(log.info().endOffset).toBe(0)
      expect(await log.append({ value: 'next' })).toMatchObject({ offset: 0 })
    },
  )

  it('are taken with the first and the last time that there is', async () => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem(), value })
    await log.append({ value: 'first', timestampMs: 0 })
    expect(await log.append({ value: 'last', timestampMs: 253_402_300_799_999 })).toMatchObject({
      timestampMs: 253_402_300_799_999,
    })
    for await (const record of log.read({ from: { time: 1 } })) expect(record.value).toBe('last')
  })

  it('are refused above max.message.bytes, alone or between others', async () => {
    const config = { maxMessageBytes: 1_000 }
    await using log = await openLog('/data', { fileSystem: memoryFileSystem(), value, config })
    const refusal = { code: 'RECORD_TOO_LARGE', path: LOG, message: expect.stringContaining('1000') }
    const large = { value: 'x'.repeat(1_000) }
    await expect(log.append(large)).rejects.toMatchObject(refusal)
    const small = { value: 'y'.repeat(600) }
    await expect(log.appendMany([small, small, large])).rejects.toMatchObject(refusal)
    expect(log.info().endOffset).toBe(0)
  })

  it('that claim 2^31 headers are an error with the place, not an allocation', async () => {
    const fs = memoryFileSystem()
    const directory = await LogDirectory.open(fs, '/data', { clock: nodeClock() })
    const log = await directory.openLog({ topic: 'log', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' })
    const batch = claimingHeaders()
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
    if (outcome.kind === 'appended') await outcome.committed
    await directory.close()
    const error = await valuesOf(fs).catch((refused: unknown) => refused)
    expect(error).toBeInstanceOf(StorageError)
    expect(error).toMatchObject({
      code: 'CORRUPT',
      path: LOG,
      message: expect.stringMatching(/offset 0.*header count/),
    })
  })
})

/** One record whose header count is the varint of 2^31 - 1, under a matching CRC. */
function claimingHeaders(): Buffer {
  const honest = buildBatch([{ key: null, value: Buffer.from('1234'), timestampMs: 1 }])
  const batch = Buffer.concat([honest.subarray(0, -1), Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f])])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeUInt8(batch.readUInt8(61) + 2 * 4, 61)
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17)
  return batch
}

describe('offsets', () => {
  it.each([2 ** 53, Number.NaN, 0.5])('cannot be %d', async (from) => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem(), value })
    const refusal = { code: 'INVALID_OFFSET', path: LOG }
    await expect(log.read({ from }).next()).rejects.toMatchObject(refusal)
    await expect(log.read({ until: from }).next()).rejects.toMatchObject(refusal)
  })

  it('beyond the end are named with what there is', async () => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem(), value })
    await log.append({ value: 'x' })
    await expect(log.truncateBefore(2 ** 53)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      logStartOffset: 0,
      logEndOffset: 1,
    })
  })

  it.each([
    ['a kill', threeSegments],
    ['a clean stop', threeSegmentsClosed],
  ])('of a segment cannot lie at 2^53, after %s', async (_, make) => {
    const fs = await make()
    const name = '09007199254740992.log'.padStart(24, '0')
    fs.open(`${LOG}/${name}`, 'create').close()
    const before = contentOf(fs)
    await expect(valuesOf(fs)).rejects.toMatchObject({ code: 'CORRUPT', path: `${LOG}/${name}` })
    expect(contentOf(fs)).toEqual(before)
  })
})

describe('a directory', () => {
  it.each([
    ['a kill', threeSegments],
    ['a clean stop', threeSegmentsClosed],
  ])('with stray files is served after %s; they are reported and stay', async (_, make) => {
    const fs = await make()
    for (const name of ['notes.txt', '0.log', 'x.00000000000000000000.log'])
      fs.open(`${LOG}/${name}`, 'create').close()
    const warnings: unknown[] = []
    const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) }
    await using log = await openLog('/data', { fileSystem: fs, value, logger })
    expect(log.info().endOffset).toBe(6)
    expect(warnings).toEqual([
      { directory: LOG, strays: ['0.log', 'notes.txt', 'x.00000000000000000000.log'] },
    ])
    expect(namesIn(fs, LOG)).toEqual(expect.arrayContaining(['0.log', 'notes.txt']))
  })

  it.each([
    ['a segment that was renamed', 2, 3],
    ['a first segment that was renamed', 0, 1],
    ['a last segment that was renamed', 4, 5],
  ])('with %s is refused, and nothing is deleted', async (_, from, to) => {
    const fs = await threeSegments()
    const nameOf = (base: number): string => `${LOG}/${String(base).padStart(20, '0')}.log`
    fs.rename(nameOf(from), nameOf(to))
    const before = contentOf(fs)
    await expect(valuesOf(fs)).rejects.toMatchObject({ code: 'CORRUPT', path: expect.stringContaining(LOG) })
    expect(contentOf(fs).filter((line) => line.includes('.log '))).toEqual(
      before.filter((line) => line.includes('.log ')),
    )
  })

  it('with a segment under two base offsets is refused', async () => {
    const fs = await threeSegments()
    fs.open(`${LOG}/00000000000000000001.log`, 'create').appendSync([fs.readFile(FIRST_SEGMENT)])
    await expect(valuesOf(fs)).rejects.toMatchObject({ code: 'CORRUPT', path: expect.stringContaining(LOG) })
  })

  describe.each([
    ['a kill', threeSegments],
    ['a clean stop', threeSegmentsClosed],
    ['a kill that left no seal', withoutSeals],
  ])('with an index that is longer than its log, after %s,', (_, make) => {
    it.each([0, 2, 4])('answers from what it builds again: segment %d', async (base) => {
      const fs = await make()
      lengthenIndexes(fs, `${LOG}/${String(base).padStart(20, '0')}`)
      await using log = await openLog('/data', { fileSystem: fs, value })
      for (const offset of [0, 1, 2, 3, 4, 5])
        expect((await log.read({ from: offset }).next()).value).toMatchObject({ offset })
      for (const [time, offset] of [
        [0, 0],
        [1, 2],
        [2_000, 2],
        [2_001, 4],
        [4_000, 4],
      ] as const)
        expect((await log.read({ from: { time } }).next()).value).toMatchObject({ offset })
      expect(await log.read({ from: { time: 4_001 } }).next()).toMatchObject({ done: true })
    })
  })

  it('with a segment that was cut below what was synced is refused, and says what it saw', async () => {
    const fs = await threeSegments()
    cutFile(fs, FIRST_SEGMENT, 50)
    await expect(valuesOf(fs)).rejects.toMatchObject({ code: 'CORRUPT', path: FIRST_SEGMENT })
  })

  it('that cannot be written is refused with its path', async () => {
    const fs = await threeSegments()
    fs.open = (path) => {
      throw new StorageError('EROFS', path, `could not open ${path}: EROFS, the file system is read-only`)
    }
    await expect(valuesOf(fs)).rejects.toMatchObject({
      code: 'EROFS',
      path: expect.stringContaining('/data'),
    })
  })

  it.each(['nfs', 'cifs', 'tmpfs'])('on %s is served under a warning', async (kind) => {
    const fs = memoryFileSystem()
    fs.statfsKind = () => kind
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) }
    await using log = await openLog('/data', { fileSystem: fs, value, logger })
    expect(await log.append({ value: 'x' })).toMatchObject({ offset: 0 })
    expect(warnings).toEqual([expect.stringContaining(kind)])
  })
})

it('a path that is a file, or lies below one, is refused by the real file system', async () => {
  const directory = mkdtempSync(`${tmpdir()}/millrace-bad-`)
  try {
    const file = `${directory}/file`
    writeFileSync(file, 'mine')
    for (const path of [file, `${file}/below`]) {
      const error = await openLog(path).catch((refused: unknown) => refused)
      expect(error).toBeInstanceOf(StorageError)
      expect(error).toMatchObject({
        code: 'ENOTDIR',
        path: file,
        message: `${file} is a file; expected a directory or nothing`,
      })
    }
    expect(readdirSync(directory)).toEqual(['file'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
