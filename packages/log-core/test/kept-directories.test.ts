import { describe, expect, it } from 'vitest'
import {
  LogDirectory,
  nodeClock,
  openLogDirectory,
  type StorageError,
  verifyPartition,
} from '../src/index.ts'
import { copyOf, readGolden } from './golden-directory.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** One for each format that ever was: they are never made again. */
describe.each(['millrace-format-1'])('a directory that was kept: %s', (name) => {
  const golden = readGolden<object>(name)

  it.each(CODECS)('gives every record of the log written with %s', async (codec) => {
    await using directory = await openLogDirectory('/data', { fileSystem: copyOf(golden) })
    const log = await directory.openLog(`log-${codec}`)
    expect(log.info()).toMatchObject({ startOffset: 2, endOffset: 12 })
    let offset = 2
    for await (const record of log.read()) {
      expect(record).toMatchObject({
        offset,
        timestampMs: 1_000 * offset,
        key: `key ${offset}`,
        value: Buffer.from(`value ${offset} `.repeat(5)),
        headers: offset % 3 === 0 ? [{ name: 'h', value: Buffer.from(`${offset}`) }] : [],
      })
      offset++
    }
    expect(offset).toBe(12)
    expect((await log.append({ value: Buffer.from('next') })).offset).toBe(12)
  })

  it('goes on with its producers, and finds every file whole', async () => {
    const fs = copyOf(golden)
    expect((await verifyPartition(fs, '/data/compacted-3')).findings).toEqual([])
    const directory = await LogDirectory.open(fs, '/data', { clock: nodeClock() })
    expect(directory.wasCleanShutdown).toBe(true)
    const log = await directory.openLog({
      topic: 'compacted',
      partition: 3,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    })
    const [producer] = log.producerStates()
    expect(producer).toMatchObject({ producerId: 7, epoch: 2 })
    expect(producer?.batches.map(({ firstSequence }) => firstSequence)).toEqual([15, 16, 17, 18, 19])
    await directory.close()
  })

  it('opens as after a crash, too', async () => {
    const fs = copyOf(golden)
    fs.remove('/data/clean-shutdown')
    await using directory = await openLogDirectory('/data', { fileSystem: fs })
    const log = await directory.openLog('log-lz4')
    expect(log.info()).toMatchObject({ startOffset: 2, endOffset: 12, leaderEpoch: 1 })
  })
})

it('leaves a directory of a newer format alone, and names both versions', async () => {
  const fs = copyOf(readGolden<object>('millrace-format-1'))
  const before = fs.readFile('/data/meta.properties').toString()
  fs.remove('/data/meta.properties')
  const file = fs.open('/data/meta.properties', 'create')
  file.appendSync([Buffer.from(before.replace('millrace.format.version=1', 'millrace.format.version=2'))])
  const names = fs.list('/data').map(({ name }) => name)
  const opening = LogDirectory.open(fs, '/data', { clock: nodeClock() })
  await expect(opening).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT' } satisfies Partial<StorageError>)
  await expect(opening).rejects.toThrow(/version 2.*up to 1/)
  expect(fs.list('/data').map(({ name }) => name)).toEqual(names)
})
