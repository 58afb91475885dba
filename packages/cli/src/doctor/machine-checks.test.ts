import { memoryFileSystem, StorageError } from '@millrace/log-core'
import { expect, it } from 'vitest'
import { checkDisk, checkMachine, type Disk } from './machine-checks.ts'

const GB = 1024 ** 3
const LIMITS = (soft: number): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 1048576              files\n`

/** A disk in memory on which a sync takes so long. */
function disk(over: Partial<Disk['fs']> = {}, syncMs = 1): Disk {
  const fs = memoryFileSystem()
  fs.makeDirectory('/data')
  let nowMs = 0
  const open: Disk['fs']['open'] = (path, mode) => {
    const file = fs.open(path, mode)
    const sync = file.sync.bind(file)
    return Object.assign(file, {
      sync: () => {
        nowMs += syncMs
        return sync()
      },
    })
  }
  return {
    fs: {
      exists: (path) => fs.exists(path),
      remove: (path) => fs.remove(path),
      statfsKind: () => 'ext4',
      freeBytes: () => 10 * GB,
      open,
      ...over,
    },
    nowMs: () => nowMs,
  }
}

it('a machine with memory and files is good; with little of either it is warned of', () => {
  expect(checkMachine({ memoryBytes: 8 * GB, limits: LIMITS(65_536) })).toMatchObject([
    { state: 'good', subject: 'memory' },
    { state: 'good', subject: 'open files', seen: 'at most 65536' },
  ])
  expect(checkMachine({ memoryBytes: GB / 4, limits: LIMITS(1_024) })).toMatchObject([
    { state: 'warning', subject: 'memory', whatToDo: expect.stringContaining('page cache') },
    { state: 'warning', subject: 'open files', whatToDo: expect.stringContaining('ulimit -n') },
  ])
})

it('nothing is said of limits that are not told', () => {
  expect(checkMachine({ memoryBytes: 8 * GB, limits: null })).toHaveLength(1)
})

it('a disk that syncs quickly is good, and nothing is left on it', async () => {
  const good = disk()
  expect(await checkDisk('/data', good)).toMatchObject([
    { state: 'good', seen: 'ext4' },
    { state: 'good', subject: 'disk space' },
    { state: 'good', subject: 'sync', seen: '1.00 ms (median of 20), 1.00 ms at most' },
  ])
})

it('what is no disk, is nearly full, or syncs slowly is warned of', async () => {
  const bad = disk({ statfsKind: () => 'tmpfs', freeBytes: () => GB / 2 }, 40)
  expect(await checkDisk('/data', bad)).toMatchObject([
    { state: 'warning', seen: 'tmpfs: it is memory' },
    { state: 'warning', subject: 'disk space' },
    { state: 'warning', subject: 'sync', seen: expect.stringContaining('40.00 ms') },
  ])
})

it('a file system that cannot sync is broken, and what was written for it is taken away', async () => {
  const removed: string[] = []
  const { fs, nowMs } = disk()
  const refuses: Disk['fs']['open'] = (path, mode) =>
    Object.assign(fs.open(path, mode), {
      sync: () => Promise.reject(new StorageError('EINVAL', path, `cannot sync ${path}: EINVAL`)),
    })
  const remove = (path: string): void => {
    removed.push(path)
    fs.remove(path)
  }
  const findings = await checkDisk('/data', { fs: { ...fs, open: refuses, remove }, nowMs })
  expect(findings[2]).toMatchObject({
    state: 'broken',
    subject: 'sync',
    seen: expect.stringContaining('EINVAL'),
    whatToDo: expect.stringContaining('nothing can be promised here'),
  })
  expect(removed).toHaveLength(1)
})

it('a directory that is not there is broken', async () => {
  expect(await checkDisk('/nowhere', disk())).toMatchObject([{ state: 'broken', subject: 'data directory' }])
})
