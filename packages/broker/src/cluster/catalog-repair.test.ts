import { type FileSystem, memoryFileSystem } from '@millrace/log-core'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'
import { repairCatalog } from './catalog-repair.ts'

const DATA = '/data'
const PATH = `${DATA}/millrace-catalog.journal`

/** The directory of a broker with three topics; one bit of the entry that made the second one is another. */
async function damagedDirectory(): Promise<FileSystem> {
  const fileSystem = memoryFileSystem()
  await using broker = await TestBroker.start({ fileSystem })
  for (const name of ['first', 'second', 'third']) await broker.createTopic(name)
  await broker[Symbol.asyncDispose]()
  const bytes = fileSystem.readFile(PATH)
  const file = fileSystem.open(PATH, 'open')
  const position = bytes.indexOf('second')
  file.writeAtSync(position, Buffer.from([bytes.readUInt8(position) ^ 1]))
  file.close()
  return fileSystem
}

describe('a catalog with a flipped bit', () => {
  it('is refused at the start with the record named, and nothing is deleted', async () => {
    const fileSystem = await damagedDirectory()
    const before = fileSystem.readFile(PATH)
    await expect(TestBroker.start({ fileSystem })).rejects.toThrow(/record \d+/)
    expect(fileSystem.readFile(PATH)).toEqual(before)
    expect(fileSystem.exists(`${DATA}/second-0`)).toBe(true)
  })

  it('is only looked at without being told to repair it', async () => {
    const fileSystem = await damagedDirectory()
    const before = fileSystem.readFile(PATH)
    const damage = await repairCatalog(fileSystem, DATA, { isExecuted: false })
    expect(damage?.lostBytes).toBeGreaterThan(10)
    expect(fileSystem.readFile(PATH)).toEqual(before)
  })

  it('keeps every other topic when it is repaired, and the files of the lost one', async () => {
    const fileSystem = await damagedDirectory()
    const before = fileSystem.readFile(PATH)
    const damage = await repairCatalog(fileSystem, DATA, { isExecuted: true })
    expect(fileSystem.readFile(damage?.asidePath ?? '')).toEqual(before)
    expect(await repairCatalog(fileSystem, DATA, { isExecuted: false })).toBeNull()
    await using broker = await TestBroker.start({ fileSystem })
    expect([...new Set(broker.broker.snapshot().partitions.map(({ topic }) => topic))].sort()).toEqual([
      'first',
      'third',
    ])
    expect(fileSystem.exists(`${DATA}/second-0`)).toBe(true)
  })
})
