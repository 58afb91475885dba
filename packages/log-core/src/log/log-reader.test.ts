import { readBatchHeader, scanBatches } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { appendValues, openFixture, readAll } from '../testing/log-fixtures.ts'
import type { PartitionLog } from './partition-log.ts'

const FIRST_SEGMENT = '00000000000000000000.log'

/** A log of ten records in two segments, one record a batch, whose fourth batch got `baseOffset` by rot. */
async function rottenLog(baseOffset: number): Promise<PartitionLog> {
  const fs = memoryFileSystem()
  const config = { segmentBytes: 700, indexIntervalBytes: 0 }
  const written = await openFixture({ fs })
  const { directory } = await written.openLog(config).then(async (log) => {
    for (let count = 0; count < 10; count++) await appendValues(log, [`value ${count}`])
    return log
  })
  await written.directory.close()
  const file = fs.open(`${directory}/${FIRST_SEGMENT}`, 'open')
  const bytes = fs.readFile(file.path)
  const fourth = [...scanBatches(bytes)][3]
  if (fourth === undefined) throw new Error('the first segment has at least four batches')
  bytes.writeBigInt64BE(BigInt(baseOffset), fourth.position)
  expect(readBatchHeader(bytes, fourth.position).baseOffset).toBe(baseOffset)
  file.writeAtSync(fourth.position, bytes.subarray(fourth.position, fourth.position + 8))
  file.close()
  return (await openFixture({ fs })).openLog(config)
}

describe('a batch whose base offset rotted, which no CRC covers', () => {
  it.each([2, 7, 3 + 2 ** 32])('is not given as offset %i', async (baseOffset) => {
    const log = await rottenLog(baseOffset)
    await expect(readAll(log)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('expected 3'),
    })
  })

  it('is not given when the read begins with it', async () => {
    const log = await rottenLog(7)
    const read = async () =>
      log.read({ offset: 3, maxBytes: 1, isFirstBatchWhole: true, limit: 'high-watermark' })
    await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' })
  })

  it('does not hide the batches before and behind it', async () => {
    const log = await rottenLog(7)
    for (const offset of [0, 1, 2, 8, 9]) {
      const slice = await log.read({ offset, maxBytes: 1, isFirstBatchWhole: true, limit: 'high-watermark' })
      expect(readBatchHeader(slice.buffers[0] ?? Buffer.alloc(0)).baseOffset).toBe(offset)
    }
  })
})

it('a reader that goes on has what comes next brought into the page cache, once', async () => {
  const fs = memoryFileSystem()
  const open = fs.open.bind(fs)
  const reads: { position: number; length: number }[] = []
  fs.open = (path, mode) => {
    const handle = open(path, mode)
    handle.readInto = async (position, target, length) => {
      if (path.endsWith('.log')) reads.push({ position, length })
      return (await handle.read(position, length)).copy(target)
    }
    return handle
  }
  const written = await openFixture({ fs })
  const appending = await written.openLog()
  for (const value of ['a', 'b', 'c', 'd']) await appendValues(appending, [value])
  await written.directory.close()
  const log = await (await openFixture({ fs })).openLog()
  const sizeBytes = log.sizeBytes / 4
  const readAllOf = async (): Promise<number[]> => {
    reads.length = 0
    for (let offset = 0; offset < 4; offset++) {
      await log.read({ offset, maxBytes: sizeBytes, isFirstBatchWhole: true, limit: 'high-watermark' })
    }
    return reads.filter(({ length }) => length === sizeBytes).map(({ position }) => position / sizeBytes)
  }
  // The first read finds its place by the index; from the second on each is followed by one of what comes next.
  expect(await readAllOf()).toEqual([1, 2, 2, 3, 3])
  expect(await readAllOf()).toEqual([1, 2, 3])
})
