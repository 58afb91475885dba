import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { silentLogger } from '../log/storage-logger.ts'
import { DEFAULT_LOG_CONFIG } from '../log-config.ts'
import { copyDisk, flipByte, namesIn } from '../testing/disk-image.ts'
import { appendValues, openFixture, readAll, TOPIC_ID } from '../testing/log-fixtures.ts'
import { decodeMetaProperties } from './meta-properties.ts'

const OTHER_ID = 'BBBBBBBBBBBBBBBBBBBBBQ'

describe('LogDirectory', () => {
  it('makes up ids of 22 characters once, and keeps them', async () => {
    const fs = memoryFileSystem()
    const first = await openFixture({ fs })
    expect(first.directory.clusterId).toMatch(/^[A-Za-z0-9_-]{22}$/)
    await first.directory.close()
    const second = await openFixture({ fs })
    expect(second.directory.clusterId).toBe(first.directory.clusterId)
    expect(second.directory.directoryId).toBe(first.directory.directoryId)
  })

  it('names the holder to a second opener', async () => {
    const fs = memoryFileSystem()
    await openFixture({ fs })
    await expect(openFixture({ fs })).rejects.toMatchObject({ code: 'LOCKED' })
  })

  it('gives the lock back when it cannot open', async () => {
    const fs = memoryFileSystem()
    const first = await openFixture({ fs, nodeId: 1 })
    await first.directory.close()
    await expect(openFixture({ fs, nodeId: 2 })).rejects.toMatchObject({ code: 'NOT_OURS' })
    await openFixture({ fs, nodeId: 1 })
  })

  it('lists the partitions that lie there, with their topic ids', async () => {
    const { directory, openLog, fs } = await openFixture()
    await openLog()
    await directory.openLog({ topic: 'a-b', partition: 12, topicId: OTHER_ID })
    fs.makeDirectory('/data/stray-0')
    expect(directory.partitionDirectories()).toEqual([
      { topic: 'a-b', partition: 12, topicId: OTHER_ID },
      { topic: 'flights', partition: 0, topicId: TOPIC_ID },
    ])
  })

  it('does not take a directory of another topic id for its own', async () => {
    const { directory, openLog } = await openFixture()
    await (await openLog()).close()
    await expect(
      directory.openLog({ topic: 'flights', partition: 0, topicId: OTHER_ID }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/EEXIST|NOT_OURS/) })
  })

  it('gives a new log out when its name is durable, and not before', async () => {
    const { directory, fs } = await openFixture()
    const sync = fs.syncDirectory.bind(fs)
    const held = Promise.withResolvers<void>()
    fs.syncDirectory = async (path) => {
      if (path === '/data') await held.promise
      await sync(path)
    }
    let isOpen = false
    const opening = directory.openLog({ topic: 'new', partition: 0, topicId: OTHER_ID }).then((log) => {
      isOpen = true
      return log
    })
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(isOpen).toBe(false)
    held.resolve()
    expect((await opening).logEndOffset).toBe(0)
  })

  it('gives no log out when its name cannot be made durable', async () => {
    const { directory, fs } = await openFixture()
    const sync = fs.syncDirectory.bind(fs)
    fs.syncDirectory = (path) =>
      path === '/data' ? Promise.reject(new StorageError('EIO', path, 'no')) : sync(path)
    const opening = directory.openLog({ topic: 'new', partition: 0, topicId: OTHER_ID })
    await expect(opening).rejects.toMatchObject({ code: 'EIO' })
  })

  it('makes the name durable when the log is opened after it could not be made so at first', async () => {
    const { directory, fs } = await openFixture()
    const sync = fs.syncDirectory.bind(fs)
    let attempts = 0
    fs.syncDirectory = (path) => {
      if (path !== '/data') return sync(path)
      attempts++
      return attempts === 1 ? Promise.reject(new StorageError('EIO', path, 'no')) : sync(path)
    }
    const request = { topic: 'new', partition: 0, topicId: OTHER_ID }
    await expect(directory.openLog(request)).rejects.toMatchObject({ code: 'EIO' })
    await directory.openLog(request)
    expect(attempts).toBe(2)
  })

  it('takes nothing over when a topic is made again', async () => {
    const { directory, openLog, fs, clock } = await openFixture()
    const log = await openLog()
    await appendValues(log, ['old'])
    await directory.deleteLog(log)
    expect(
      namesIn(fs, '/data').some((name) => name.startsWith('flights-0.') && name.endsWith('-delete')),
    ).toBe(true)
    const again = await directory.openLog({ topic: 'flights', partition: 0, topicId: OTHER_ID })
    expect(again.logEndOffset).toBe(0)
    clock.advance(60_000)
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(namesIn(fs, '/data').some((name) => name.includes('-delete'))).toBe(false)
  })

  it('says a stop was clean only when it was', async () => {
    const { directory, openLog, fs } = await openFixture()
    await appendValues(await openLog(), ['a'])
    const killed = await openFixture({ fs: copyDisk(fs) })
    expect(killed.directory.wasCleanShutdown).toBe(false)
    await directory.close()
    const clean = await openFixture({ fs })
    expect(clean.directory.wasCleanShutdown).toBe(true)
    const killedAfter = await openFixture({ fs: copyDisk(fs) })
    expect(killedAfter.directory.wasCleanShutdown).toBe(false)
  })

  it('takes a damaged clean-shutdown file for an unclean stop', async () => {
    const { directory, openLog, fs } = await openFixture()
    await appendValues(await openLog(), ['a'])
    await directory.close()
    flipByte(fs, '/data/clean-shutdown', 60)
    const again = await openFixture({ fs })
    expect(again.directory.wasCleanShutdown).toBe(false)
    const log = await again.openLog()
    expect(log.leaderEpoch).toBe(1)
    expect(await readAll(log)).toEqual([[0, 'a']])
  })

  it('remembers the clean stop of a log that was not opened meanwhile', async () => {
    const { directory, openLog, fs } = await openFixture()
    await appendValues(await openLog(), ['a'])
    await directory.close()
    await (await openFixture({ fs })).directory.close()
    expect((await (await openFixture({ fs })).openLog()).leaderEpoch).toBe(0)
  })

  it('goes on with the indexes of the active segment after a clean stop', async () => {
    const fixture = await openFixture({ limits: { tailCacheBytesPerLog: 0 } })
    const log = await fixture.openLog({ indexIntervalBytes: 200 })
    for (let i = 0; i < 50; i++) await appendValues(log, [`value ${i}`], { timestampMs: 1_000 + i })
    await fixture.directory.close()
    const again = await openFixture({ fs: fixture.fs })
    const reopened = await again.openLog({ indexIntervalBytes: 200 })
    for (let i = 50; i < 60; i++) await appendValues(reopened, [`value ${i}`], { timestampMs: 1_000 + i })
    expect((await readAll(reopened, 25)).map(([offset]) => offset)).toEqual(
      Array.from({ length: 35 }, (_, i) => i + 25),
    )
    expect(await reopened.offsetForTimestamp(1_030)).toMatchObject({ offset: 30, timestampMs: 1_030 })
  })

  it('removes what an interrupted deletion left behind', async () => {
    const { directory, openLog, fs } = await openFixture()
    await directory.deleteLog(await openLog())
    await directory.close()
    const again = await openFixture({ fs })
    again.directory.removeDeletedDirectories()
    again.clock.advance(0)
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(namesIn(fs, '/data').some((name) => name.endsWith('-delete'))).toBe(false)
  })

  it("does not begin in a directory that holds somebody else's files", async () => {
    const fs = memoryFileSystem()
    fs.makeDirectory('/data')
    fs.open('/data/thesis.txt', 'create').close()
    await expect(openFixture({ fs })).rejects.toMatchObject({ code: 'NOT_OURS' })
    expect(namesIn(fs, '/data')).toEqual(['thesis.txt'])
  })

  it('reports stray directories and leaves them alone', async () => {
    const { directory, openLog, fs } = await openFixture()
    await openLog()
    fs.makeDirectory('/data/lost+found')
    fs.makeDirectory('/data/other-3')
    expect(directory.strayDirectories()).toEqual(['lost+found', 'other-3'])
    await directory.close()
    expect(fs.exists('/data/other-3')).toBe(true)
  })

  it('warns about a file system that forgets what was synced', async () => {
    const fs = memoryFileSystem()
    fs.statfsKind = () => 'tmpfs'
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) }
    await openFixture({ fs, logger })
    expect(warnings).toEqual([expect.stringContaining('tmpfs')])
  })

  it('opens a log once at a time', async () => {
    const { openLog } = await openFixture()
    const [first, second] = await Promise.allSettled([openLog(), openLog()])
    expect(first?.status).toBe('fulfilled')
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'EEXIST' } })
  })

  it('compacts the logs that are due, and reports one that fails', async () => {
    const { directory, openLog, fs } = await openFixture()
    const config = { cleanupPolicy: ['compact'] as const, segmentBytes: 300 }
    const log = await openLog(config)
    const other = await directory.openLog({
      topic: 'flights',
      partition: 1,
      topicId: TOPIC_ID,
      config: { ...DEFAULT_LOG_CONFIG, ...config },
    })
    const keyed = { key: 'k' }
    for (let i = 0; i < 10; i++) {
      await appendValues(log, [`value ${i}`], keyed)
      await appendValues(other, [`value ${i}`], keyed)
    }
    flipByte(fs, '/data/flights-1/00000000000000000000.log', 70)
    const sizeBytes = log.sizeBytes
    const results = await directory.compact({ nowMs: 2_000 })
    expect(results.find(({ partition }) => partition === 1)?.error).toMatchObject({ code: 'CORRUPT' })
    expect(results.find(({ partition }) => partition === 0)?.error).toBeNull()
    expect(log.sizeBytes).toBeLessThan(sizeBytes / 2)
    expect(await directory.compact({ nowMs: 2_000 })).toHaveLength(1)
  })

  it('closes more than once', async () => {
    const { directory, openLog } = await openFixture()
    await openLog()
    await Promise.all([directory.close(), directory.close()])
    await directory.close()
  })
})

describe('meta.properties', () => {
  const path = '/data/meta.properties'

  it("reads Kafka's", () => {
    const text = '#\n#Mon Nov 24\ncluster.id=abc\nversion=1\ndirectory.id=def\nnode.id=3\n'
    expect(decodeMetaProperties(Buffer.from(text), path)).toEqual({
      clusterId: 'abc',
      nodeId: 3,
      directoryId: 'def',
      formatVersion: null,
    })
  })

  it('refuses a newer format with both versions named', () => {
    const text = 'cluster.id=abc\nversion=1\nnode.id=3\nmillrace.format.version=99\n'
    expect(() => decodeMetaProperties(Buffer.from(text), path)).toThrow(/99.*1/)
  })

  it.each(['', 'hello', 'cluster.id=abc\nversion=7\nnode.id=1\n', 'version=1\nnode.id=1\n'])(
    'refuses %j',
    (text) => {
      expect(() => decodeMetaProperties(Buffer.from(text), path)).toThrow(/cluster\.id/)
    },
  )
})
