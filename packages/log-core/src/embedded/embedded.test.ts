import { getEventListeners } from 'node:events'
import { bytes, json } from '@millrace/record-batch'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { FileSystem } from '../fs/file-system.ts'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { OffsetOutOfRangeError } from '../log/log-slice.ts'
import { failingFileSystem } from '../testing/failing-file-system.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { RecordTooLargeError } from './append-batcher.ts'
import type { EmbeddedLog } from './embedded-log.ts'
import type { OpenLogOptions } from './log-options.ts'
import { openLog, openLogDirectory } from './open-log.ts'
import type { ReadOptions } from './record-reader.ts'

interface Delay {
  readonly delay: number
}

async function open(
  fs: FileSystem = memoryFileSystem(),
  options: Partial<OpenLogOptions<Delay, string>> & { clock?: ManualClock; limits?: object } = {},
): Promise<EmbeddedLog<Delay>> {
  return openLog<Delay>('/data', {
    value: json<Delay>(),
    fileSystem: fs,
    clock: new ManualClock(),
    ...options,
  })
}

async function delays(log: EmbeddedLog<Delay>, options: ReadOptions = {}): Promise<number[]> {
  const found: number[] = []
  for await (const { value } of log.read(options)) found.push(value?.delay ?? -1)
  return found
}

async function fill(log: EmbeddedLog<Delay>, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, delay) => ({
    value: { delay },
    timestampMs: 1_000 * delay,
  }))
  await Promise.all(records.map((record) => log.append(record)))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

describe('openLog', () => {
  it('gives back keys, values, headers and times, typed by the codec', async () => {
    await using log = await open()
    const headers = [
      { name: 'carrier', value: 'UA' },
      { name: 'carrier', value: Buffer.from([0, 255]) },
      { name: 'none', value: null },
    ]
    const { offset } = await log.append({ key: 'sfo', value: { delay: 12 }, headers, timestampMs: 5 })
    expect(offset).toBe(0)
    const [record] = await collect(log.read())
    expectTypeOf(record?.value).toEqualTypeOf<Delay | null | undefined>()
    expect(record).toEqual({
      offset: 0,
      timestampMs: 5,
      key: 'sfo',
      value: { delay: 12 },
      headers: [
        { name: 'carrier', value: Buffer.from('UA') },
        { name: 'carrier', value: Buffer.from([0, 255]) },
        { name: 'none', value: null },
      ],
    })
  })

  it('keeps null and empty keys and values as they are', async () => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem(), key: bytes() })
    await log.append({ value: null })
    await log.append({ key: Buffer.alloc(0), value: Buffer.alloc(0) })
    const found = await collect(log.read())
    expect(found.map(({ key, value }) => [key, value])).toEqual([
      [null, null],
      [Buffer.alloc(0), Buffer.alloc(0)],
    ])
  })

  it('puts appends that are made together into one batch, one write and one sync, in order', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    await using log = await open(fs)
    fs.calls.length = 0
    const appended = await Promise.all(range(0, 100).map((delay) => log.append({ value: { delay } })))
    expect(appended.map(({ offset }) => offset)).toEqual(range(0, 100))
    const calls = fs.calls.filter((call) => call.endsWith('.log'))
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['append', 'sync'])
    expect(fs.readFile('/data/log-0/00000000000000000000.log').readInt32BE(57)).toBe(100)
  })

  it('does not sync what need not be synced', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    await using log = await open(fs, { durability: 'written' })
    fs.calls.length = 0
    await log.append({ value: { delay: 1 } })
    expect(fs.calls.some((call) => call.startsWith('sync') && call.endsWith('.log'))).toBe(false)
    await log.append({ value: { delay: 2 } }, { durability: 'synced' })
    expect(log.info()).toMatchObject({ endOffset: 2, syncedOffset: 2 })
  })

  it('says what is synced and when, and syncs the rest when it is told to', async () => {
    const clock = new ManualClock()
    await using log = await open(memoryFileSystem(), { durability: 'written', clock })
    await fill(log, 3)
    expect(log.info()).toMatchObject({ endOffset: 3, syncedOffset: 0, lastSyncAtMs: null })
    clock.advance(500)
    await log.flush()
    expect(log.info()).toMatchObject({ endOffset: 3, syncedOffset: 3, lastSyncAtMs: clock.nowMs() })
  })

  it('appends many as one batch, and a stream in batches, with progress', async () => {
    await using log = await open()
    const many = range(0, 50).map((delay) => ({ value: { delay } }))
    expect(await log.appendMany(many)).toEqual({ baseOffset: 0, lastOffset: 49 })
    async function* source() {
      for (const delay of range(50, 3_000)) yield { value: { delay } }
    }
    const progress: number[] = []
    const result = await log.appendAll(source(), { onProgress: ({ records }) => progress.push(records) })
    expect(result).toEqual({ records: 2_950, lastOffset: 2_999 })
    expect(progress).toEqual([1_000, 2_000, 2_950])
    expect(await delays(log)).toEqual(range(0, 3_000))
  })

  it('stops a source whose log fails, and says why', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    const log = await open(fs)
    let isStopped = false
    async function* source() {
      try {
        for (let delay = 0; ; delay++) yield { value: { delay } }
      } finally {
        isStopped = true
      }
    }
    fs.failNext('sync', '.log', 'EIO')
    await expect(log.appendAll(source())).rejects.toMatchObject({ code: 'EIO' })
    expect(isStopped).toBe(true)
    await log.close()
  })

  it.each([
    ['all', {}, range(0, 20)],
    ['from an offset', { from: 15 }, range(15, 20)],
    ['until an offset', { until: 3 }, range(0, 3)],
    ['between', { from: 5, until: 7 }, [5, 6]],
    ['the last ones', { from: -4 }, range(16, 20)],
    ['more last ones than there are', { from: -99 }, range(0, 20)],
    ['the end', { from: 'end' }, []],
    ['from a time', { from: { time: 17_500 } }, [18, 19]],
    ['until a time', { until: { time: new Date(2_000) } }, [0, 1]],
    ['from a time that is to come', { from: { time: 99_000_000 } }, []],
    ['in small steps', { maxBytes: 1 }, range(0, 20)],
  ] as const)('reads %s', async (_, options, expected) => {
    await using log = await open()
    await fill(log, 10)
    await Promise.all(
      range(10, 20).map((delay) => log.append({ value: { delay }, timestampMs: delay * 1_000 })),
    )
    expect(await delays(log, options)).toEqual(expected)
  })

  it('lets the event loop turn while it replays', async () => {
    await using log = await openLog('/data', { fileSystem: memoryFileSystem() })
    await log.appendMany(Array.from({ length: 4_000 }, () => ({ value: Buffer.from('x') })))
    let turns = 0
    const turn = (): void => {
      turns++
      ticking = setImmediate(turn)
    }
    let ticking = setImmediate(turn)
    let count = 0
    for await (const _ of log.read()) count++
    clearImmediate(ticking)
    expect(count).toBe(4_000)
    expect(turns).toBeGreaterThan(5)
  })

  it('reads to the end as it was when the read began', async () => {
    await using log = await open()
    await fill(log, 3)
    const reader = log.read()
    expect((await reader.next()).value?.offset).toBe(0)
    await fill(log, 3)
    expect((await collect(reader)).map(({ offset }) => offset)).toEqual([1, 2])
  })

  it('follows what is appended within a turn, until the signal', async () => {
    await using log = await open(memoryFileSystem(), { durability: 'written' })
    await fill(log, 2)
    const controller = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { offset } of log.read({ from: 'end', follow: true, signal: controller.signal })) {
        seen.push(offset)
      }
    })()
    await turn()
    await log.append({ value: { delay: 2 } })
    await turn()
    expect(seen).toEqual([2])
    controller.abort(new Error('enough'))
    await expect(following).rejects.toThrow('enough')
    expect(listenerCount(controller.signal)).toBe(0)
  })

  it('ends readers that follow when the log is closed or they are returned', async () => {
    const log = await open()
    const first = log.read({ follow: true })
    const waiting = first.next()
    await turn()
    await first.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
    const second = collect(log.read({ follow: true }))
    await turn()
    await log.close()
    expect(await second).toEqual([])
  })

  it('says which offsets retention took from a slow reader', async () => {
    await using log = await open()
    await fill(log, 10)
    const reader = log.read({ maxBytes: 1, until: 13 })
    await reader.next()
    for (let delay = 10; delay < 13; delay++) await log.append({ value: { delay } })
    await log.truncateBefore(12)
    // What was read already, the rest of its batch, is still given.
    const seen: number[] = []
    const reading = (async () => {
      for await (const { offset } of reader) seen.push(offset)
    })()
    await expect(reading).rejects.toBeInstanceOf(OffsetOutOfRangeError)
    await expect(reading).rejects.toMatchObject({ offset: 10, logStartOffset: 12 })
    expect(seen).toEqual(range(1, 10))
  })

  it('ends at the end when it shall read until an offset that is still to come', async () => {
    await using log = await open()
    await fill(log, 3)
    expect(await delays(log, { until: 99 })).toEqual([0, 1, 2])
  })

  it('refuses a record that is too large, and takes the next one', async () => {
    await using log = await openLog('/data', {
      fileSystem: memoryFileSystem(),
      config: { maxMessageBytes: 1_000 },
    })
    const large = log.append({ value: Buffer.alloc(2_000) })
    const small = log.append({ value: Buffer.from('x') })
    await expect(large).rejects.toBeInstanceOf(RecordTooLargeError)
    await expect(large).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', path: '/data/log-0' })
    expect((await small).offset).toBe(0)
    await expect(log.appendMany([{ value: Buffer.alloc(2_000) }])).rejects.toBeInstanceOf(RecordTooLargeError)
    await expect(log.appendMany([])).rejects.toThrow(/one record or more/)
    await expect(log.append({ value: null, timestampMs: 0.5 })).rejects.toThrow(RangeError)
  })

  it('waits while the disk is far behind, and the wait can be given up', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    const limits = { maxQueuedBytes: 400, writeAheadWindowBytes: 300 }
    const log = await open(fs, { durability: 'written', limits })
    const release = fs.holdSyncs('.log')
    const appends: Promise<unknown>[] = []
    for (let i = 0; i < 12; i++) {
      appends.push(log.append({ value: { delay: i } }))
      await turn()
    }
    const controller = new AbortController()
    const givenUp = log.append({ value: { delay: 99 } }, { signal: controller.signal })
    await turn()
    controller.abort(new Error('no time'))
    release()
    await expect(givenUp).rejects.toThrow('no time')
    await Promise.all(appends)
    expect(await delays(log)).toEqual(range(0, 12))
    await log.close()
  })

  it('keeps everything over close and open, and does so more than once', async () => {
    const fs = memoryFileSystem()
    const log = await open(fs, { compression: 'zstd' })
    await fill(log, 100)
    await Promise.all([log.close(), log.close()])
    await log.close()
    await using again = await open(fs)
    expect(await delays(again)).toEqual(range(0, 100))
    expect(again.info()).toMatchObject({ startOffset: 0, endOffset: 100, segments: 1, lastSyncAtMs: null })
  })

  it('names the holder to a second opener', async () => {
    const fs = memoryFileSystem()
    await using _ = await open(fs)
    await expect(open(fs)).rejects.toMatchObject({ code: 'LOCKED' })
  })
})

describe('openLogDirectory', () => {
  it('holds several logs, which can be closed, opened again and deleted', async () => {
    await using directory = await openLogDirectory('/data', {
      fileSystem: memoryFileSystem(),
      clock: new ManualClock(),
    })
    const orders = await directory.openLog('orders', { value: json<number>() })
    const users = await directory.openLog('users')
    await orders.append({ value: 7 })
    await users.append({ value: Buffer.from('u') })
    expect(directory.names()).toEqual(['orders', 'users'])
    await orders.close()
    const again = await directory.openLog('orders', { value: json<number>() })
    expect((await collect(again.read())).map(({ value }) => value)).toEqual([7])
    await directory.deleteLog('users')
    expect(directory.names()).toEqual(['orders'])
  })

  it('forgets what the config says, when it keeps house', async () => {
    const clock = new ManualClock()
    await using directory = await openLogDirectory('/data', { fileSystem: memoryFileSystem(), clock })
    const log = await directory.openLog('short', { config: { retentionMs: 1_000 } })
    await log.append({ value: Buffer.from('old') })
    clock.advance(5_000)
    await directory.housekeep()
    expect(log.info()).toMatchObject({ startOffset: 1, endOffset: 1 })
  })

  it.each(['', '..', 'a/b', 'ä', 'x'.repeat(250)])('refuses the name %j', async (name) => {
    await using directory = await openLogDirectory('/data', {
      fileSystem: memoryFileSystem(),
      clock: new ManualClock(),
    })
    await expect(directory.openLog(name)).rejects.toThrow(RangeError)
  })
})

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of source) found.push(item)
  return found
}

async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate)
}

function listenerCount(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}
