import { expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { appendValues, openFixture, readAll } from '../testing/log-fixtures.ts'
import type { PartitionLog } from './partition-log.ts'

const SEGMENT = '00000000000000000000.log'

/** A log that was stopped and opened again, so that it has to read from the disk; and what flips a bit of it there. */
async function logOnDisk(): Promise<{ log: PartitionLog; flipLastBit: () => void }> {
  const fs = memoryFileSystem()
  const written = await openFixture({ fs })
  const { directory } = await written.openLog().then(async (log) => {
    await appendValues(log, ['right'])
    return log
  })
  await written.directory.close()
  return {
    log: await (await openFixture({ fs })).openLog(),
    flipLastBit: () => {
      const file = fs.open(`${directory}/${SEGMENT}`, 'open')
      const bytes = fs.readFile(file.path)
      const at = bytes.length - 2
      file.writeAtSync(at, Buffer.of(bytes.readUInt8(at) ^ 1))
      file.close()
    },
  }
}

it('the CRC of a batch is checked when it is read from the disk first', async () => {
  const { log, flipLastBit } = await logOnDisk()
  flipLastBit()
  await expect(readAll(log)).rejects.toMatchObject({ code: 'CORRUPT' })
})

it('the CRC of a batch is not checked when it is read again: later rot is for the scrubber to find', async () => {
  const { log, flipLastBit } = await logOnDisk()
  expect(await readAll(log)).toEqual([[0, 'right']])
  flipLastBit()
  expect(await readAll(log)).toEqual([[0, 'righu']])
})
