import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { DEFAULT_LOG_CONFIG, DEFAULT_LOG_LIMITS } from '../log-config.ts'
import { InvalidRequestError } from './invalid-request-error.ts'
import { openLog, openLogDirectory } from './open-log.ts'

/** What a program without types passes. */
type Untyped = never

describe('openLog', () => {
  it.each([
    [null, /the options of openLog: got null, expected an object/],
    [{ durabilty: 'synced' }, /openLog has no option "durabilty"; it has value, key, durability, /],
    [{ durability: 'maybe' }, /durability of openLog: got 'maybe', expected one of 'synced', 'written'/],
    [{ compression: 'brotli' }, /compression of openLog: got 'brotli', expected one of 'none', 'gzip', /],
    [{ compression: 'toString' }, /compression/],
    [{ value: 'json' }, /value of openLog: got 'json', expected a codec/],
    [{ key: { encode: () => 0 } }, /key of openLog/],
    [{ config: 5 }, /config of openLog: got 5, expected an object/],
    [
      { config: { segmentBytes: '100' } },
      /segmentBytes of config: got '100', expected a whole number from 1/,
    ],
    [{ config: { 'segment.bytes': 100 } }, /config has no option "segment.bytes"; it has segmentBytes, /],
    [{ config: { cleanupPolicy: 'compact' } }, /cleanupPolicy of config: .*an array of 'delete'/],
    [{ config: { minCleanableDirtyRatio: 2 } }, /minCleanableDirtyRatio of config: got 2, expected .*0 to 1/],
    [{ limits: { maxOpenFiles: 0 } }, /maxOpenFiles of limits: got 0, expected a whole number from 1/],
    [
      { limits: { tailCacheBytesInAll: 1 } },
      /tailCacheBytesPerLog of limits: got 4194304, .*more than the 1 /,
    ],
    [{ logger: console.log }, /logger of openLog: .*a logger with info/],
    [{ fileSystem: {} }, /fileSystem of openLog: got \{\}, expected a FileSystem/],
    [{ clock: Date }, /clock of openLog/],
  ])('refuses %o, and makes nothing', async (options, message) => {
    const fileSystem = memoryFileSystem()
    const refused = openLog(
      '/data',
      options === null ? (options as Untyped) : ({ fileSystem, ...options } as Untyped),
    )
    const error = await refused.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InvalidRequestError)
    expect(error).toMatchObject({
      code: 'INVALID_OPTION',
      path: '/data',
      message: expect.stringMatching(message),
    })
    expect(fileSystem.exists('/data')).toBe(false)
  })

  it.each([undefined, '', 5])('refuses %o as a path', async (path) => {
    await expect(openLog(path as Untyped)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(openLogDirectory(path as Untyped)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('takes every default, and undefined for one', async () => {
    const unset = { durability: undefined, compression: undefined, value: undefined, logger: undefined }
    const options = {
      ...unset,
      fileSystem: memoryFileSystem(),
      config: { ...DEFAULT_LOG_CONFIG, segmentBytes: undefined },
      limits: { ...DEFAULT_LOG_LIMITS, maxOpenFiles: undefined },
    }
    await using log = await openLog('/data', options as object)
    for (const text of ['a', 'b']) await log.append({ value: Buffer.from(text) })
    expect(log.info()).toMatchObject({ endOffset: 2, segments: 1 })
  })
})

it('a directory refuses options that are not its own, and names that no log can have', async () => {
  const fileSystem = memoryFileSystem()
  await expect(
    openLogDirectory('/data', { fileSystem, durability: 'synced' } as object),
  ).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/openLogDirectory has no option "durability"; it has logger, limits, /),
  })
  await using directory = await openLogDirectory('/data', { fileSystem })
  for (const options of [{ durability: 'maybe' }, { fileSystem }, { config: { segmentMs: 0 } }])
    await expect(directory.openLog('a', options as object)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  for (const name of ['..', '', 'a/b', 5, undefined])
    await expect(directory.openLog(name as Untyped)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      path: '/data',
    })
  expect(directory.names()).toEqual([])
})

describe('an open log', () => {
  const record = { value: Buffer.from('x') }

  it.each([
    [{ durability: 'maybe' }, /^durability of append\w*: got 'maybe'/],
    [{ signal: 'stop' }, /^signal of append\w*: got 'stop', expected an AbortSignal/],
    [{ timeoutMs: 5 }, /^append\w* has no option "timeoutMs"; it has durability, signal/],
    [null, /^the options of append\w*: got null/],
  ])('appends nothing under %o', async (options, message) => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem() })
    const refusal = { code: 'INVALID_OPTION', path: '/data/log-0', message: expect.stringMatching(message) }
    await expect(log.append(record, options as Untyped)).rejects.toMatchObject(refusal)
    await expect(log.appendMany([record], options as Untyped)).rejects.toMatchObject(refusal)
    await expect(log.appendAll([record], options as Untyped)).rejects.toMatchObject(refusal)
    expect(log.info().endOffset).toBe(0)
  })

  it.each([{ batchRecords: 0 }, { batchRecords: '10' }, { onProgress: true }])(
    'appends no stream under %o',
    async (options) => {
      await using log = await openLog('/data', { fileSystem: memoryFileSystem() })
      const refusal = { code: 'INVALID_OPTION' }
      await expect(log.appendAll([record], options as Untyped)).rejects.toMatchObject(refusal)
    },
  )

  it.each([
    [
      { from: 'start' },
      /from of read: got 'start', expected an offset, 'beginning', 'end', -N, or \{ time \}/,
    ],
    [{ from: { time: '2001' } }, /from of read/],
    [{ until: 'beginning' }, /until of read: got 'beginning', expected an offset, 'end', or/],
    [{ follow: 'yes' }, /follow of read: got 'yes', expected true or false/],
    [{ maxBytes: 0 }, /maxBytes of read: got 0, expected a whole number from 1/],
    [{ signal: {} }, /signal of read/],
    [{ fromOffset: 3 }, /read has no option "fromOffset"; it has from, until, follow, signal, maxBytes/],
  ])('does not read under %o', async (options, message) => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem() })
    expect(() => log.read(options as Untyped)).toThrow(message)
    expect(() => log.read(options as Untyped)).toThrow(InvalidRequestError)
  })

  it.each([Number.NaN, 0.5, '1', undefined])('does not forget what lies before %o', async (offset) => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem() })
    await log.appendMany([record, record])
    await expect(log.truncateBefore(offset as Untyped)).rejects.toMatchObject({ code: 'INVALID_OFFSET' })
    expect(log.info().startOffset).toBe(0)
  })
})
