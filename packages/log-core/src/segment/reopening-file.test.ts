import { describe, expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { appendBytes } from '../testing/disk-image.ts'
import { OpenFilePool, ReopeningFile } from './reopening-file.ts'

function setUp(mostOpen: number) {
  const fs = memoryFileSystem()
  fs.makeDirectory('/data')
  const pool = new OpenFilePool(mostOpen)
  const create = (name: string): ReopeningFile => {
    const path = `/data/${name}`
    const handle = fs.open(path, 'create')
    return new ReopeningFile({ fs, pool }, { path, sizeBytes: 0, handle, isSynced: true })
  }
  return { fs, pool, create }
}

describe('ReopeningFile', () => {
  it('is closed when others are used, and goes on where it was', async () => {
    const { pool, create } = setUp(2)
    const files = ['a', 'b', 'c', 'd'].map(create)
    expect(pool.openCount).toBe(2)
    for (const round of [1, 2, 3]) {
      for (const file of files) {
        file.appendSync([Buffer.from([round])])
        await file.sync()
      }
    }
    expect(pool.openCount).toBe(2)
    for (const file of files) {
      expect(file.sizeBytes).toBe(3)
      expect(await file.read(0, 3)).toEqual(Buffer.from([1, 2, 3]))
    }
  })

  it('stays open while something in it is not synced', async () => {
    const { pool, create } = setUp(1)
    const unsynced = create('a')
    unsynced.appendSync([Buffer.from('x')])
    const other = create('b')
    other.appendSync([Buffer.from('y')])
    expect(pool.openCount).toBe(2)
    await unsynced.sync()
    other.appendSync([Buffer.from('z')])
    expect(pool.openCount).toBe(1)
    await other.sync()
  })

  it('counts as synced only what was written before the sync began', async () => {
    const { pool, create } = setUp(1)
    const file = create('a')
    file.appendSync([Buffer.from('x')])
    const sync = file.sync()
    file.appendSync([Buffer.from('y')])
    await sync
    create('b')
    expect(pool.openCount).toBe(2)
  })

  it('says when the file has changed while it was closed', () => {
    const { fs, create } = setUp(1)
    const file = create('a')
    create('b')
    appendBytes(fs, '/data/a', Buffer.from('foreign'))
    expect(() => file.appendSync([Buffer.from('x')])).toThrow(/7 bytes/)
  })
})
