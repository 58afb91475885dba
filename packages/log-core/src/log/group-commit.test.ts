import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { type FailingFileSystem, failingFileSystem } from '../testing/failing-file-system.ts'
import {
  appendTo,
  appendValues,
  batchOf,
  type Fixture,
  openFixture,
  readAll,
} from '../testing/log-fixtures.ts'
import type { AppendOutcome, Durability } from './append-outcome.ts'
import type { PartitionLog } from './partition-log.ts'

const LOG = '00000000000000000000.log'

async function open(
  options: Parameters<typeof openFixture>[0] = {},
  config: Parameters<Fixture['openLog']>[0] = {},
): Promise<{ fs: FailingFileSystem; log: PartitionLog; fixture: Fixture }> {
  const fs = failingFileSystem(memoryFileSystem())
  const fixture = await openFixture({ fs, ...options })
  const log = await fixture.openLog(config)
  fs.calls.length = 0
  return { fs, log, fixture }
}

function committed(outcome: AppendOutcome): Promise<void> {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.reason}: ${outcome.message}`)
  return outcome.committed
}

function append(log: PartitionLog, value: string, durability: Durability = 'synced'): Promise<void> {
  return committed(appendTo(log, batchOf([value]), durability))
}

function callsOf(fs: FailingFileSystem, operation: string): number {
  return fs.calls.filter((call) => call.startsWith(`${operation} `) && call.endsWith('.log')).length
}

describe('group commit', () => {
  it('writes all appends of a turn at once and syncs them together', async () => {
    const { fs, log } = await open()
    await Promise.all([append(log, 'a'), append(log, 'b'), append(log, 'c')])
    expect(callsOf(fs, 'append')).toBe(1)
    expect(callsOf(fs, 'sync')).toBe(1)
  })

  it('gives all appends of a group that wait for the same one promise', async () => {
    const { log } = await open()
    const first = append(log, 'a')
    expect(append(log, 'b')).toBe(first)
    expect(append(log, 'c', 'written')).not.toBe(first)
    await first
  })

  it('syncs nothing for acks=1', async () => {
    const { fs, log } = await open()
    await append(log, 'a', 'written')
    expect(callsOf(fs, 'sync')).toBe(0)
  })

  it('does not acknowledge acks=all by a sync that began before the write', async () => {
    const { fs, log } = await open()
    const release = fs.holdSyncs('.log')
    const first = append(log, 'a')
    await turns(3)
    let isSecondDone = false
    const second = append(log, 'b').then(() => {
      isSecondDone = true
    })
    await turns(3)
    expect(callsOf(fs, 'sync')).toBe(1)
    const releaseSecond = fs.holdSyncs('.log')
    release()
    await first
    await turns(3)
    expect(callsOf(fs, 'sync')).toBe(2)
    expect(isSecondDone).toBe(false)
    releaseSecond()
    await second
  })

  it('lets what comes in the turn in which a sync ended share the next one', async () => {
    const { fs, log } = await open()
    const release = fs.holdSyncs('.log')
    const first = append(log, 'a')
    await turns(3)
    const second = append(log, 'b')
    await turns(3)
    release()
    await first
    await Promise.all([second, append(log, 'c')])
    expect(callsOf(fs, 'sync')).toBe(2)
  })

  it('shows nothing behind an acks=all batch that is not synced', async () => {
    const { fs, log } = await open()
    const release = fs.holdSyncs('.log')
    const synced = append(log, 'synced')
    await append(log, 'written', 'written')
    expect(log.highWatermark).toBe(0)
    release()
    await synced
    expect(log.highWatermark).toBe(2)
  })

  it('tells its listeners once for a group', async () => {
    const { log } = await open()
    let count = 0
    const stop = log.onHighWatermarkMoved(() => count++)
    await Promise.all([append(log, 'a'), append(log, 'b')])
    expect(count).toBe(1)
    stop()
    await append(log, 'c')
    expect(count).toBe(1)
  })

  it('lets appends wait while the window of unsynced bytes is full', async () => {
    const { fs, log } = await open({ writeAheadWindowBytes: 150 })
    const release = fs.holdSyncs('.log')
    await append(log, 'a', 'written')
    await append(log, 'b', 'written')
    let isThirdWritten = false
    const third = append(log, 'c', 'written').then(() => {
      isThirdWritten = true
    })
    await turns(5)
    expect(isThirdWritten).toBe(false)
    expect(log.highWatermark).toBe(2)
    release()
    await third
    expect(log.highWatermark).toBe(3)
  })

  it('refuses appends beyond the queue bound, and says when there is room', async () => {
    const { fs, log } = await open({ writeAheadWindowBytes: 100, limits: { maxQueuedBytes: 200 } })
    const release = fs.holdSyncs('.log')
    await append(log, 'a', 'written')
    const waiting = [append(log, 'b', 'written'), append(log, 'c', 'written')]
    expect(appendTo(log, batchOf(['d']))).toMatchObject({ kind: 'rejected', reason: 'queue-full' })
    let hasRoom = false
    const room = log.whenRoom().then(() => {
      hasRoom = true
    })
    await turns(3)
    expect(hasRoom).toBe(false)
    release()
    await Promise.all([...waiting, room])
    await append(log, 'd')
    expect((await readAll(log)).length).toBe(4)
  })

  it('syncs the old segment and its seal before the next one is made, and its directory before an ack', async () => {
    const { fs, log } = await open({}, { segmentBytes: 200 })
    await append(log, 'a', 'written')
    await append(log, 'b', 'written')
    fs.calls.length = 0
    await append(log, 'c', 'written')
    const names = fs.calls.map((call) => call.replace('/data/flights-0/', ''))
    const oldSync = names.indexOf(`sync ${LOG}`)
    const sealSync = names.indexOf('sync 00000000000000000000.seal.tmp')
    const directorySync = names.lastIndexOf('syncDirectory /data/flights-0')
    const newWrite = names.indexOf('append 00000000000000000002.log')
    expect(oldSync).toBeGreaterThanOrEqual(0)
    expect(sealSync).toBeGreaterThan(oldSync)
    expect(directorySync).toBeGreaterThan(sealSync)
    expect(newWrite).toBeGreaterThan(directorySync)
  })

  it('syncs in time when flush.ms says so', async () => {
    const { fs, log, fixture } = await open({}, { flushMs: 50 })
    await append(log, 'a', 'written')
    expect(callsOf(fs, 'sync')).toBe(0)
    fixture.clock.advance(50)
    await turns(2)
    expect(callsOf(fs, 'sync')).toBe(1)
    expect(log.syncedOffset).toBe(1)
  })

  it('treats every append as synced under flush.messages=1', async () => {
    const { fs, log } = await open({}, { flushMessages: 1 })
    await append(log, 'a', 'written')
    expect(callsOf(fs, 'sync')).toBe(1)
  })

  it('makes a duplicate wait until the original is as durable as it asks for', async () => {
    const { fs, log } = await open()
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0 }
    await appendValues(log, ['a'], { ...producer, durability: 'written' })
    await committed(appendTo(log, batchOf(['a'], producer), 'synced'))
    expect(callsOf(fs, 'sync')).toBe(1)
    expect(log.logEndOffset).toBe(1)
  })
})

describe('a full disk', () => {
  it('takes the partial write back, refuses with a typed error, and serves reads', async () => {
    const { fs, log, fixture } = await open()
    await append(log, 'a')
    fs.failNext('append', LOG, 'ENOSPC')
    fs.freeBytesNow = 0
    await expect(append(log, 'b')).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(log.state).toBe('online')
    expect(log.logEndOffset).toBe(1)
    expect(appendTo(log, batchOf(['c']))).toMatchObject({ kind: 'rejected', reason: 'disk-full' })
    expect(await readAll(log)).toEqual([[0, 'a']])
    fixture.clock.advance(1_000)
    fs.freeBytesNow = 2 ** 30
    await append(log, 'd')
    expect(await readAll(log)).toEqual([
      [0, 'a'],
      [1, 'd'],
    ])
  })

  it('makes the cut durable before anything is written behind it', async () => {
    const { fs, log, fixture } = await open()
    await append(log, 'a')
    fs.failNext('append', LOG, 'ENOSPC')
    await expect(append(log, 'b', 'written')).rejects.toMatchObject({ code: 'ENOSPC' })
    fixture.clock.advance(1_000)
    fs.calls.length = 0
    await append(log, 'c', 'written')
    expect(fs.calls.filter((call) => call.endsWith(LOG))).toEqual([
      `sync /data/flights-0/${LOG}`,
      `append /data/flights-0/${LOG}`,
    ])
  })

  it('forgets the sequences of what it took back, so that the producer can go on', async () => {
    const { fs, log, fixture } = await open()
    const producer = { producerId: 1, producerEpoch: 0 }
    await appendValues(log, ['a'], { ...producer, baseSequence: 0 })
    fs.failNext('append', LOG, 'ENOSPC')
    await expect(appendValues(log, ['b'], { ...producer, baseSequence: 1 })).rejects.toMatchObject({
      code: 'ENOSPC',
    })
    fixture.clock.advance(1_000)
    expect(await appendValues(log, ['b'], { ...producer, baseSequence: 1 })).toBe(1)
  })

  it('heals when the next segment could not be begun', async () => {
    const { fs, log, fixture } = await open({}, { segmentBytes: 200 })
    await append(log, 'a')
    await append(log, 'b')
    fs.failNext('append', '.seal.tmp', 'ENOSPC')
    await expect(append(log, 'c')).rejects.toMatchObject({ code: 'ENOSPC' })
    fixture.clock.advance(1_000)
    await append(log, 'd')
    expect(log.segmentCount).toBe(2)
    expect((await readAll(log)).map(([, value]) => value)).toEqual(['a', 'b', 'd'])
  })
})

describe('a failed sync', () => {
  it('acknowledges nothing, is not tried again on the file, and takes the log offline', async () => {
    const { fs, log } = await open()
    await append(log, 'a')
    fs.failNext('sync', LOG, 'EIO')
    fs.calls.length = 0
    await expect(append(log, 'b')).rejects.toMatchObject({ code: 'EIO' })
    expect(log.state).toBe('offline')
    expect(log.error).toMatchObject({ code: 'EIO' })
    expect(appendTo(log, batchOf(['c']))).toMatchObject({ kind: 'rejected', reason: 'offline' })
    expect(() => log.read({ offset: 0, maxBytes: 1, isFirstBatchWhole: true, limit: 'log-end' })).toThrow(
      /EIO/,
    )
    await turns(3)
    expect(callsOf(fs, 'sync')).toBe(1)
  })

  it('opens again with what was synced, in a new file, under a higher epoch', async () => {
    const { fs, log } = await open()
    const producer = { producerId: 1, producerEpoch: 0 }
    await appendValues(log, ['a'], { ...producer, baseSequence: 0 })
    fs.failNext('sync', LOG, 'EIO')
    await expect(appendValues(log, ['b'], { ...producer, baseSequence: 1 })).rejects.toMatchObject({
      code: 'EIO',
    })
    await log.reopen()
    expect(log.state).toBe('online')
    expect(log.leaderEpoch).toBe(1)
    expect(log.highWatermark).toBe(1)
    fs.calls.length = 0
    expect(await appendValues(log, ['b'], { ...producer, baseSequence: 1 })).toBe(1)
    expect(await readAll(log)).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
    expect(fs.calls).not.toContain(`append /data/flights-0/${LOG}`)
    expect(fs.list('/data/flights-0').some(({ name }) => name.endsWith('.torn'))).toBe(true)
  })

  it('heals by itself when it was the disk that was full', async () => {
    const { fs, log, fixture } = await open()
    await append(log, 'a')
    fs.failNext('sync', LOG, 'ENOSPC')
    fs.freeBytesNow = 0
    await expect(append(log, 'b')).rejects.toMatchObject({ code: 'ENOSPC' })
    fixture.clock.advance(1_000)
    expect(appendTo(log, batchOf(['c']))).toMatchObject({ reason: 'offline' })
    fs.freeBytesNow = 2 ** 30
    fixture.clock.advance(1_000)
    expect(appendTo(log, batchOf(['c']))).toMatchObject({ reason: 'offline' })
    await turns(20)
    expect(log.state).toBe('online')
    await append(log, 'd')
    expect((await readAll(log)).map(([, value]) => value)).toEqual(['a', 'd'])
  })

  it('begins an empty segment again in a file of its own', async () => {
    const { fs, log } = await open()
    fs.failNext('sync', LOG, 'EIO')
    await expect(append(log, 'a')).rejects.toMatchObject({ code: 'EIO' })
    // Its name is there all the while: a power failure between two names would leave the log without its last segment.
    fs.remove = (path) => expect(path).not.toMatch(LOG)
    await log.reopen()
    await append(log, 'b')
    expect(await readAll(log)).toEqual([[0, 'b']])
  })

  it('opens again behind the moves of the start that are under way', async () => {
    const { fs, log } = await open()
    await append(log, 'a')
    await append(log, 'b')
    const release = fs.holdSyncs('sync-marks.1')
    const first = log.truncateBefore(1)
    await turns(1)
    const second = log.truncateBefore(2)
    fs.failNext('sync', LOG, 'EIO')
    await expect(append(log, 'c')).rejects.toMatchObject({ code: 'EIO' })
    const opened = log.reopen()
    await turns(20)
    release()
    await Promise.all([first, second, opened])
    expect(log.logStartOffset).toBe(2)
  })
})

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
