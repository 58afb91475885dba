import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { cutFile, flipByte, namesIn } from '../testing/disk-image.ts'
import { failingFileSystem } from '../testing/failing-file-system.ts'
import { TOPIC_ID } from '../testing/log-fixtures.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { decodeMarksFile, encodeMarks, encodeMarksHeader, MARK_BYTES } from './sync-mark-record.ts'
import { type NewMark, readSyncMarks, SyncMarks } from './sync-marks.ts'

function markAt(nextOffset: number, partition = 0): NewMark {
  return {
    topicId: TOPIC_ID,
    partition,
    leaderEpoch: 1,
    segmentBaseOffset: 0,
    position: nextOffset * 100,
    nextOffset,
    logStartOffset: 0,
  }
}

async function open(fs = memoryFileSystem(), windowBytes = 1_000) {
  if (!fs.exists('/data')) fs.makeDirectory('/data')
  const clock = new ManualClock()
  const marks = await SyncMarks.open({ fs, clock, directory: '/data', windowBytes })
  return { fs, clock, marks }
}

describe('SyncMarks', () => {
  it('remembers the newest mark of each partition, the window, and the boot', async () => {
    const { fs, marks } = await open()
    marks.record(markAt(1))
    marks.record(markAt(2))
    marks.record(markAt(9, 5))
    await marks.close()
    const again = await open(fs, 2_000)
    expect(again.marks.previousWindowBytes).toBe(1_000)
    expect(again.marks.get(TOPIC_ID, 0)).toMatchObject({ mark: markAt(2), isFromThisBoot: true })
    expect(again.marks.get(TOPIC_ID, 5)?.mark.nextOffset).toBe(9)
    expect(again.marks.get(TOPIC_ID, 1)).toBeNull()
    await again.marks.close()
    fs.bootId = () => 'another boot'
    expect((await open(fs)).marks.get(TOPIC_ID, 0)?.isFromThisBoot).toBe(false)
  })

  it('writes the newest mark of each partition together, and syncs them, within 10 ms', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    const { clock, marks } = await open(fs)
    fs.calls.length = 0
    for (let i = 0; i < 100; i++) marks.record(markAt(i, i % 7))
    await new Promise(setImmediate)
    expect(fs.calls).toEqual([])
    clock.advance(10)
    await new Promise(setImmediate)
    expect(fs.calls.map((call) => call.split(' ')[0])).toEqual(['append', 'sync'])
    const written = decodeMarksFile(fs.readFile('/data/sync-marks.1')).marks
    expect(new Set(written.map(({ mark }) => mark.nextOffset))).toEqual(new Set([93, 94, 95, 96, 97, 98, 99]))
  })

  it('syncs what came while a sync was on its way, though nobody waits for it', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    const { clock, marks } = await open(fs)
    marks.record(markAt(1))
    const release = fs.holdSyncs('sync-marks.1')
    clock.advance(10)
    marks.record(markAt(2))
    clock.advance(10)
    release()
    await new Promise(setImmediate)
    clock.advance(10)
    await new Promise(setImmediate)
    expect(fs.calls.at(-1)).toMatch(/^sync /)
    expect(decodeMarksFile(fs.readFile('/data/sync-marks.1')).marks.at(-1)?.mark.nextOffset).toBe(2)
  })

  it('resolves durable() only after a sync that began behind the record', async () => {
    const fs = failingFileSystem(memoryFileSystem())
    const { marks } = await open(fs)
    const release = fs.holdSyncs('sync-marks.1')
    marks.record(markAt(1))
    const first = marks.durable()
    marks.record(markAt(2))
    let isSecondDurable = false
    const second = marks.durable().then(() => {
      isSecondDurable = true
    })
    await new Promise(setImmediate)
    expect(isSecondDurable).toBe(false)
    release()
    await Promise.all([first, second])
    expect(fs.calls.filter((call) => call.startsWith('sync ')).length).toBe(3)
  })

  it('begins a new file when the old one has grown, and loses nothing', async () => {
    const { fs, marks } = await open()
    const partitions = 1_000
    // Each mark is written twice.
    const rounds = Math.ceil((5 * 1024 * 1024) / MARK_BYTES / partitions / 2)
    marks.record(markAt(7, partitions))
    for (let round = 1; round <= rounds; round++) {
      for (let partition = 0; partition < partitions; partition++) marks.record(markAt(round, partition))
      await marks.durable()
    }
    expect(namesIn(fs, '/data')).toEqual(['sync-marks.2'])
    expect(fs.readFile('/data/sync-marks.2').length).toBeLessThan(20 * partitions * MARK_BYTES)
    await marks.close()
    const again = await open(fs)
    expect(again.marks.get(TOPIC_ID, 0)?.mark.nextOffset).toBe(rounds)
    expect(again.marks.get(TOPIC_ID, partitions)?.mark.nextOffset).toBe(7)
  })

  it.each(['append', 'sync'] as const)(
    'begins a new file after a failed %s, and loses nothing',
    async (operation) => {
      const fs = failingFileSystem(memoryFileSystem())
      const { clock, marks } = await open(fs)
      marks.record(markAt(1))
      marks.record(markAt(5, 1))
      await marks.durable()
      fs.failNext(operation, 'sync-marks.1', 'ENOSPC')
      // The disk is still full when the first new file is begun.
      fs.failNext('append', 'sync-marks.2', 'ENOSPC')
      marks.record(markAt(2))
      await expect(marks.durable()).rejects.toMatchObject({ code: 'ENOSPC' })
      if (operation === 'sync') await expect(marks.durable()).rejects.toMatchObject({ code: 'ENOSPC' })
      marks.record(markAt(3))
      await new Promise(setImmediate)
      clock.advance(1000)
      await new Promise(setImmediate)
      await marks.durable()
      expect(namesIn(fs, '/data')).toEqual(['sync-marks.3'])
      await marks.close()
      const again = await open(fs)
      expect(again.marks.get(TOPIC_ID, 0)?.mark.nextOffset).toBe(3)
      expect(again.marks.get(TOPIC_ID, 1)?.mark.nextOffset).toBe(5)
    },
  )

  it('knows every partition although any one byte of the file has rotted', async () => {
    const { fs, marks } = await open()
    marks.record(markAt(1, 1))
    marks.record(markAt(2, 2))
    await marks.close()
    const path = '/data/sync-marks.1'
    for (let at = 0; at < fs.readFile(path).length; at++) {
      flipByte(fs, path, at)
      const known = [...readSyncMarks(fs, '/data').values()].map(({ nextOffset }) => nextOffset)
      expect(known.sort()).toEqual([1, 2])
      flipByte(fs, path, at)
    }
  })

  it('forgets a partition that was deleted', async () => {
    const { fs, marks } = await open()
    marks.record(markAt(1))
    marks.forget(TOPIC_ID, 0)
    await marks.close()
    const again = await open(fs)
    await again.marks.close()
    expect((await open(fs)).marks.get(TOPIC_ID, 0)).toBeNull()
  })

  it('refuses to go on when no file holds all that was synced in it', async () => {
    const { fs, marks } = await open()
    marks.record(markAt(1))
    await marks.close()
    await (await open(fs)).marks.close()
    cutFile(fs, '/data/sync-marks.2', MARK_BYTES)
    await expect(open(fs)).rejects.toMatchObject({ code: 'CORRUPT', path: '/data/sync-marks.2' })
    expect(namesIn(fs, '/data')).toEqual(['sync-marks.2'])
  })

  it('makes the name of the old file durable before there is a new one', async () => {
    const { fs, marks } = await open()
    await marks.close()
    const seen: string[][] = []
    const sync = fs.syncDirectory.bind(fs)
    fs.syncDirectory = (path) => {
      seen.push(namesIn(fs, '/data'))
      return sync(path)
    }
    await open(fs)
    expect(seen[0]).toEqual(['sync-marks.1'])
  })

  it('goes on behind a crash that left the newest file half begun, or the first of all', async () => {
    const { fs, marks } = await open()
    marks.record(markAt(1))
    await marks.close()
    fs.open('/data/sync-marks.2', 'create').close()
    const again = await open(fs)
    expect(again.marks.get(TOPIC_ID, 0)?.mark.nextOffset).toBe(1)
    const fresh = memoryFileSystem()
    fresh.makeDirectory('/data')
    fresh.open('/data/sync-marks.1', 'create').close()
    expect((await open(fresh)).marks.previousWindowBytes).toBeNull()
  })
})

describe('marks file', () => {
  const bytes = Buffer.concat([
    encodeMarksHeader({ windowBytes: 64, stateMarks: 1 }),
    encodeMarks([
      { ...markAt(1), bootHash: 5 },
      { ...markAt(2), bootHash: 5 },
    ]),
  ])

  it('passes over every damaged record and keeps the others', () => {
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0x10, at)
      const content = decodeMarksFile(flipped)
      expect(content.damagedCount).toBe(1)
      expect(content.marks.length + (content.windowBytes === null ? 0 : 1)).toBe(2)
    }
  })

  it('reads what is whole of a file that was cut', () => {
    for (let length = 0; length < bytes.length; length++) {
      const { marks, windowBytes, isCut } = decodeMarksFile(bytes.subarray(0, length))
      expect(isCut).toBe(length < 2 * MARK_BYTES)
      expect(windowBytes === null ? 0 : 1).toBe(length >= MARK_BYTES ? 1 : 0)
      expect(marks.length).toBe(Math.max(0, Math.floor(length / MARK_BYTES) - 1))
    }
  })
})
