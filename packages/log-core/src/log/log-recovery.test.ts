import { stampBatch } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { appendBytes, copyDisk, cutFile, flipByte, namesIn } from '../testing/disk-image.ts'
import { failingFileSystem } from '../testing/failing-file-system.ts'
import { appendValues, batchOf, type Fixture, openFixture, readAll } from '../testing/log-fixtures.ts'
import type { PartitionLog } from './partition-log.ts'

const DIRECTORY = '/data/flights-0'
const FIRST = `${DIRECTORY}/00000000000000000000.log`
const OTHER_BOOT = { bootId: 'after the power came back' }

/** A log with some records, and the files as they are after its process was killed. */
async function killed(
  work: (log: PartitionLog, fixture: Fixture) => Promise<void>,
  options: { bootId?: string; segmentBytes?: number; writeAheadWindowBytes?: number } = {},
): Promise<FileSystem> {
  const { bootId, segmentBytes, ...rest } = options
  const fixture = await openFixture(rest)
  const log = await fixture.openLog(segmentBytes === undefined ? {} : { segmentBytes })
  await work(log, fixture)
  // Marks reach their file within 10 ms.
  fixture.clock.advance(10)
  await new Promise(setImmediate)
  return copyDisk(fixture.fs, bootId === undefined ? {} : { bootId })
}

async function reopened(fs: FileSystem): Promise<PartitionLog> {
  return (await openFixture({ fs })).openLog()
}

/** A good batch at the given offset, as if a write had been under way. */
function nextBatch(baseOffset: number, value = 'torn'): Buffer {
  const batch = batchOf([value])
  stampBatch(batch, 0, { baseOffset, partitionLeaderEpoch: 0 })
  return batch
}

describe('opening a log after its process was killed', () => {
  it('keeps every record and raises the leader epoch by one', async () => {
    const fs = await killed(async (log) => {
      await appendValues(log, ['a'], { durability: 'written' })
      await appendValues(log, ['b'])
    })
    const log = await reopened(fs)
    expect(await readAll(log)).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
    expect(log.leaderEpoch).toBe(1)
    await appendValues(log, ['c'])
    expect(fs.readFile(`${DIRECTORY}/leader-epoch-checkpoint`).toString().trimEnd()).toBe('0\n2\n0 0\n1 2')
    expect(log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 2 })
  })

  it('raises the epoch again at the next unclean start, from one that nothing was written under', async () => {
    const once = await killed(async (log) => void (await appendValues(log, ['a'])))
    await reopened(once)
    const log = await reopened(copyDisk(once))
    expect(log.leaderEpoch).toBe(2)
  })

  it('writes no batch under an epoch before that is durable', async () => {
    const killedFs = await killed(async (log) => void (await appendValues(log, ['a'])))
    const fs = failingFileSystem(killedFs)
    const log = await reopened(fs)
    fs.calls.length = 0
    await appendValues(log, ['b'], { durability: 'written' })
    const calls = fs.calls.map((call) => call.replace(`${DIRECTORY}/`, ''))
    const epochsDurable = calls.indexOf(`syncDirectory ${DIRECTORY}`)
    expect(calls.indexOf('sync leader-epoch-checkpoint.tmp')).toBeGreaterThanOrEqual(0)
    expect(epochsDurable).toBeGreaterThan(0)
    expect(calls.indexOf('append 00000000000000000000.log')).toBeGreaterThan(epochsDurable)
  })

  it('keeps an epoch over a clean stop that nothing was written under', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])))
    const fixture = await openFixture({ fs })
    await fixture.openLog()
    await fixture.directory.close()
    const again = await openFixture({ fs })
    const log = await again.openLog()
    expect(log.leaderEpoch).toBe(1)
    await appendValues(log, ['b'])
    expect(await readAll(await reopened(copyDisk(fs)))).toHaveLength(2)
  })

  it('cuts a batch that the end of the file cuts short, and keeps a copy of it', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])))
    appendBytes(fs, FIRST, nextBatch(1).subarray(0, 70))
    const log = await reopened(fs)
    expect(await readAll(log)).toEqual([[0, 'a']])
    const aside = namesIn(fs, DIRECTORY).find((name) => name.endsWith('.torn'))
    expect(fs.readFile(`${DIRECTORY}/${aside}`).equals(nextBatch(1).subarray(0, 70))).toBe(true)
    await appendValues(log, ['b'])
    expect(await readAll(log)).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
  })

  it('refuses a damaged batch that no crash can explain: the page cache survived', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])))
    const batch = nextBatch(1)
    batch.writeUInt8(batch.readUInt8(65) ^ 1, 65)
    appendBytes(fs, FIRST, batch)
    await expect(reopened(fs)).rejects.toMatchObject({ code: 'CORRUPT', path: FIRST })
    expect(fs.readFile(FIRST).length).toBe(batch.length * 2 - 'torn'.length + 'a'.length)
  })

  it('cuts the same damage after the machine restarted', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])), OTHER_BOOT)
    const batch = nextBatch(1)
    batch.writeUInt8(batch.readUInt8(65) ^ 1, 65)
    appendBytes(fs, FIRST, batch)
    expect(await readAll(await reopened(fs))).toEqual([[0, 'a']])
  })

  it('cuts a hole before a good batch within the window', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])), OTHER_BOOT)
    appendBytes(fs, FIRST, Buffer.alloc(nextBatch(1).length))
    appendBytes(fs, FIRST, nextBatch(2))
    expect(await readAll(await reopened(fs))).toEqual([[0, 'a']])
  })

  it('refuses a hole before a good batch that ends beyond the window', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])), {
      ...OTHER_BOOT,
      writeAheadWindowBytes: 100,
    })
    appendBytes(fs, FIRST, Buffer.alloc(nextBatch(1).length))
    appendBytes(fs, FIRST, nextBatch(2))
    await expect(reopened(fs)).rejects.toMatchObject({ code: 'CORRUPT' })
  })

  it('refuses damage to a batch that a mark says was synced', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])), OTHER_BOOT)
    flipByte(fs, FIRST, 65)
    await expect(reopened(fs)).rejects.toMatchObject({ code: 'CORRUPT' })
    expect(namesIn(fs, DIRECTORY).some((name) => name.endsWith('.torn'))).toBe(false)
  })

  it('refuses a file that ends before what a mark says was synced', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])), OTHER_BOOT)
    cutFile(fs, FIRST, 0)
    await expect(reopened(fs)).rejects.toMatchObject({ code: 'CORRUPT' })
  })

  it('refuses a log whose first segment is gone or renamed, instead of beginning behind it', async () => {
    const work = async (log: PartitionLog) => {
      for (let i = 0; i < 6; i++) await appendValues(log, [`value ${i}`])
    }
    const several = await killed(work, { ...OTHER_BOOT, segmentBytes: 200 })
    several.remove(FIRST)
    await expect(reopened(several)).rejects.toMatchObject({ code: 'CORRUPT', path: DIRECTORY })
    const renamed = await killed(work, OTHER_BOOT)
    renamed.rename(FIRST, `${DIRECTORY}/00000000000000000005.log`)
    const names = namesIn(renamed, DIRECTORY)
    await expect(reopened(renamed)).rejects.toMatchObject({ code: 'CORRUPT', path: DIRECTORY })
    expect(namesIn(renamed, DIRECTORY)).toEqual(names)
  })

  it('opens a log that retention has emptied', async () => {
    const fs = await killed(
      async (log) => {
        for (let i = 0; i < 6; i++) await appendValues(log, [`value ${i}`])
        await log.truncateBefore(6)
      },
      { ...OTHER_BOOT, segmentBytes: 200 },
    )
    expect(await reopened(fs)).toMatchObject({ logStartOffset: 6, logEndOffset: 6 })
  })

  it('knows producers of segments that are about to go, when a newer snapshot is damaged', async () => {
    const producer = { producerId: 7, producerEpoch: 0 }
    const fs = await killed(
      async (log, { fs: disk }) => {
        for (let i = 0; i < 4; i++) await appendValues(log, [`value ${i}`], { ...producer, baseSequence: i })
        await appendValues(log, ['of another one'])
        // The start is durable, and the power fails before a file is renamed.
        disk.rename = () => {
          throw new StorageError('EIO', DIRECTORY, 'the power is going')
        }
        await expect(log.truncateBefore(5)).rejects.toThrow('the power is going')
      },
      { ...OTHER_BOOT, segmentBytes: 200 },
    )
    const newest = namesIn(fs, DIRECTORY)
      .filter((name) => name.endsWith('.snapshot'))
      .at(-1)
    flipByte(fs, `${DIRECTORY}/${newest}`, 20)
    const log = await reopened(fs)
    expect(log.logStartOffset).toBe(5)
    expect(await appendValues(log, ['next'], { ...producer, baseSequence: 4 })).toBe(5)
  })

  it('refuses a log whose last segment is gone', async () => {
    const fs = await killed(
      async (log) => {
        for (let i = 0; i < 6; i++) await appendValues(log, [`value ${i}`])
      },
      { ...OTHER_BOOT, segmentBytes: 200 },
    )
    const last = namesIn(fs, DIRECTORY)
      .filter((name) => name.endsWith('.log'))
      .at(-1)
    fs.remove(`${DIRECTORY}/${last}`)
    await expect(reopened(fs)).rejects.toMatchObject({ code: 'CORRUPT' })
  })

  it('gives nothing of a segment behind which another is missing, and everything else', async () => {
    const fs = await killed(
      async (log) => {
        for (let i = 0; i < 8; i++) await appendValues(log, [`value ${i}`])
      },
      { segmentBytes: 200 },
    )
    const second = namesIn(fs, DIRECTORY).filter((name) => name.endsWith('.log'))[1]
    fs.remove(`${DIRECTORY}/${second}`)
    const log = await reopened(fs)
    await expect(readAll(log)).rejects.toMatchObject({ code: 'CORRUPT', path: FIRST })
    expect((await readAll(log, 4)).map(([offset]) => offset)).toEqual([4, 5, 6, 7])
  })

  it('gives nothing of a segment that is shorter than it was sealed', async () => {
    const fs = await killed(
      async (log) => {
        for (let i = 0; i < 8; i++) await appendValues(log, [`value ${i}`])
      },
      { segmentBytes: 200 },
    )
    cutFile(fs, FIRST, 80)
    await expect(readAll(await reopened(fs))).rejects.toMatchObject({ code: 'CORRUPT', path: FIRST })
  })

  it('refuses a flipped base offset, which no batch CRC covers', async () => {
    const fs = await killed(async (log) => {
      await appendValues(log, ['a'])
      await appendValues(log, ['b'])
    }, OTHER_BOOT)
    flipByte(fs, FIRST, nextBatch(0, 'a').length + 7)
    await expect(reopened(fs)).rejects.toMatchObject({ code: 'CORRUPT' })
  })

  it('seals a sealed segment again when its seal is gone and all of its batches are good', async () => {
    const fs = await killed(
      async (log) => {
        for (let i = 0; i < 6; i++) await appendValues(log, [`value ${i}`])
      },
      { segmentBytes: 200 },
    )
    const seal = `${DIRECTORY}/00000000000000000000.seal`
    const bytes = fs.readFile(seal)
    fs.remove(seal)
    expect((await readAll(await reopened(fs))).length).toBe(6)
    const again = fs.readFile(seal)
    // All but the time of sealing and the CRC over everything.
    expect(again.subarray(0, 56).equals(bytes.subarray(0, 56))).toBe(true)
    expect(again.subarray(64, 76).equals(bytes.subarray(64, 76))).toBe(true)
  })

  it('knows the last five batches of a producer, across segments', async () => {
    const producer = { producerId: 9, producerEpoch: 0 }
    const fs = await killed(
      async (log) => {
        for (let i = 0; i < 9; i++) await appendValues(log, [`value ${i}`], { ...producer, baseSequence: i })
      },
      { segmentBytes: 400 },
    )
    const log = await reopened(fs)
    expect([...log.producerStates()][0]?.batches.map(({ firstSequence }) => firstSequence)).toEqual([
      4, 5, 6, 7, 8,
    ])
  })

  it('knows the last five batches of a producer after a clean stop', async () => {
    const fixture = await openFixture()
    const log = await fixture.openLog()
    const producer = { producerId: 9, producerEpoch: 3 }
    for (let i = 0; i < 9; i++) await appendValues(log, [`value ${i}`], { ...producer, baseSequence: i })
    await fixture.directory.close()
    const again = await reopened(fixture.fs)
    const [entry] = again.producerStates()
    expect(entry?.epoch).toBe(3)
    expect(entry?.batches.map(({ firstSequence }) => firstSequence)).toEqual([4, 5, 6, 7, 8])
  })

  it('reads the epochs from the batches when their checkpoint is damaged', async () => {
    const fs = await killed(async (log) => void (await appendValues(log, ['a'])))
    flipByte(fs, `${DIRECTORY}/leader-epoch-checkpoint`, 0)
    const log = await reopened(fs)
    expect(log.leaderEpoch).toBe(1)
    expect(await readAll(log)).toEqual([[0, 'a']])
  })

  it('finishes a creation that was interrupted before the directory was complete', async () => {
    const fs = await killed(async () => {})
    fs.remove(`${DIRECTORY}/partition.metadata`)
    const log = await reopened(fs)
    await appendValues(log, ['a'])
    expect(log.logEndOffset).toBe(1)
  })

  it('leaves other partitions alone when one is refused', async () => {
    const fs = await killed(async (log, { directory }) => {
      await appendValues(log, ['a'])
      const other = await directory.openLog({ topic: 'flights', partition: 1, topicId: log.topicId })
      await appendValues(other, ['b'])
    })
    flipByte(fs, FIRST, 65)
    const fixture = await openFixture({ fs })
    await expect(fixture.openLog()).rejects.toMatchObject({ code: 'CORRUPT' })
    const other = await fixture.directory.openLog({
      topic: 'flights',
      partition: 1,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    })
    expect(await readAll(other)).toEqual([[0, 'b']])
  })
})
