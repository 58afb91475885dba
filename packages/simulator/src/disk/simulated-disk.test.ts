import type { FileHandle } from '@millrace/log-core'
import { describe, expect, it } from 'vitest'
import { Prng } from '../prng.ts'
import { SimulatedClock } from '../time/simulated-clock.ts'
import { CrashError } from './crash-error.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'
import type { SimulatedFileSystem } from './simulated-file-system.ts'

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed)

interface Machine {
  readonly disk: SimulatedDisk
  readonly clock: SimulatedClock
  readonly fs: SimulatedFileSystem
}

function machine(seed: number, options: SimulatedDiskOptions = {}): Machine {
  const disk = new SimulatedDisk(new Prng(seed), options)
  const clock = new SimulatedClock()
  return { disk, clock, fs: disk.boot(clock) }
}

/** A file '/a' whose name is safe, with `text` synced. */
function safeFile({ fs }: Machine, text = ''): FileHandle {
  const handle = fs.open('/a', 'create')
  handle.appendSync([Buffer.from(text)])
  handle.syncSync()
  fs.syncDirectorySync('/')
  return handle
}

function contentAfter(kind: 'process' | 'power', { disk }: Machine, path = '/a'): string | null {
  disk.crash(kind)
  const fs = disk.boot(new SimulatedClock())
  return fs.exists(path) ? fs.readFile(path).toString('latin1') : null
}

/** What `prepare` leaves behind after a power loss, over all seeds, each with how often. */
function outcomes(prepare: (machine: Machine) => void, path = '/a'): Map<string | null, number> {
  const seen = new Map<string | null, number>()
  for (const seed of SEEDS) {
    const current = machine(seed)
    prepare(current)
    const content = contentAfter('power', current, path)
    seen.set(content, (seen.get(content) ?? 0) + 1)
  }
  return seen
}

describe('bytes after a power loss', () => {
  it('are all there when they were synced', () => {
    expect(outcomes((current) => void safeFile(current, 'hello'))).toEqual(new Map([['hello', 300]]))
  })

  it('are kept, lost, cut short or replaced by zeros when they were not', () => {
    const sector = (letter: string): string => letter.repeat(512)
    const seen = outcomes((current) => {
      safeFile(current).appendSync([Buffer.from(sector('x') + sector('y') + sector('z'))])
    })
    const contents = [...seen.keys()].map((content) => content ?? '')
    expect(contents).toContain('')
    expect(contents).toContain(sector('x') + sector('y') + sector('z'))
    expect(contents).toContain(sector('x') + sector('\0') + sector('z'))
    expect(contents).toContain(sector('\0') + sector('\0') + sector('z'))
    expect(contents.some((content) => content.length % 512 !== 0)).toBe(true)
    const allowed = /^(x{0,512}|\0{0,512}|(x{512}|\0{512})(y*|\0*|(y{512}|\0{512})(z*|\0*)))$/
    expect(contents.filter((content) => !allowed.test(content))).toEqual([])
  })

  it('may show any stage of a sector that was written several times', () => {
    const seen = outcomes((current) => {
      const handle = safeFile(current)
      for (const text of ['one ', 'two ', 'three']) handle.appendSync([Buffer.from(text)])
    })
    for (const content of ['one two three', 'one two ', 'one ', 'one two \0\0\0\0\0'])
      expect(seen.has(content)).toBe(true)
  })

  it('are not covered by a sync that began before they were written', async () => {
    const seen = new Set<string | null>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      const handle = safeFile(current)
      handle.appendSync([Buffer.from('early ')])
      const synced = handle.sync()
      handle.appendSync([Buffer.from('late')])
      await current.clock.settle(synced)
      seen.add(contentAfter('power', current))
    }
    expect([...seen].every((content) => content?.startsWith('early '))).toBe(true)
    expect(seen).toContain('early ')
    expect(seen).toContain('early late')
  })

  it('are not safe while the sync is still on its way', () => {
    const seen = outcomes((current) => {
      const handle = safeFile(current)
      handle.appendSync([Buffer.from('x')])
      void handle.sync()
    })
    expect([...seen.keys()].sort()).toEqual(['', '\0', 'x'])
  })

  it('come back behind a truncate that only fdatasync has covered, and not when fsync has', async () => {
    const seen = { sync: new Set<string | null>(), fullSync: new Set<string | null>() }
    for (const seed of SEEDS) {
      for (const how of ['sync', 'fullSync'] as const) {
        const current = machine(seed)
        const handle = safeFile(current, 'hello world')
        handle.truncateSync(5)
        handle.appendSync([Buffer.from('!')])
        await current.clock.settle(handle[how]())
        seen[how].add(contentAfter('power', current))
      }
    }
    expect([...seen.fullSync]).toEqual(['hello!'])
    expect(seen.sync).toContain('hello!')
    expect(seen.sync).toContain('hello!world')
  })

  it('are readable after a failed sync until the crash, and a second sync does not save them', async () => {
    const seen = new Set<string | null>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      const handle = safeFile(current)
      handle.appendSync([Buffer.from('hello')])
      current.fs.gate.plannedFailure = { atOperation: current.fs.gate.operationCount + 1, code: 'EIO' }
      await expect(handle.sync()).rejects.toMatchObject({ code: 'EIO' })
      expect(current.fs.readFile('/a').toString()).toBe('hello')
      await current.clock.settle(handle.sync())
      seen.add(contentAfter('power', current))
    }
    expect(seen).toContain('')
  })

  it('may be gone after a failed sync when only the process died', async () => {
    const seen = new Set<string | null>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      const handle = safeFile(current)
      handle.appendSync([Buffer.from('hello')])
      current.fs.gate.plannedFailure = { atOperation: current.fs.gate.operationCount + 2, code: 'EIO' }
      await expect(current.clock.settle(handle.sync())).rejects.toMatchObject({ code: 'EIO' })
      seen.add(contentAfter('process', current))
    }
    expect(seen).toContain('hello')
    expect(seen).toContain('')
  })

  it('are lost exactly when they were not synced, on the disk that drops everything', () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const current = machine(seed, { powerLoss: 'drop-all' })
      const handle = safeFile(current, 'hello')
      handle.appendSync([Buffer.from(' world')])
      current.fs.open('/b', 'create').appendSync([Buffer.from('x')])
      expect(contentAfter('power', current)).toBe('hello')
      expect(current.disk.files().map(({ path }) => path)).toEqual(['/a'])
    }
  })
})

describe('bytes after the process was killed', () => {
  it('are all there, synced or not', () => {
    for (const seed of SEEDS) {
      const current = machine(seed)
      current.fs.open('/a', 'create').appendSync([Buffer.from('hello')])
      expect(contentAfter('process', current)).toBe('hello')
    }
  })

  it('are still not safe from a power loss after that', () => {
    const seen = outcomes((current) => {
      safeFile(current).appendSync([Buffer.from('hello')])
      current.disk.crash('process')
      current.disk.boot(new SimulatedClock())
    })
    expect(seen.has('')).toBe(true)
  })
})

describe('names after a power loss', () => {
  it('may be missing until their directory was synced, file and directory alike', () => {
    const created = outcomes((current) => current.fs.open('/a', 'create').syncSync())
    expect([...created.keys()].sort()).toEqual(['', null])
    const directories = new Set<boolean>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      // Dies between making the directory and syncing its parent.
      current.fs.gate.crashAtOperation = current.fs.gate.operationCount + 2
      expect(() => current.fs.makeDirectory('/d')).toThrow(CrashError)
      current.disk.crash('power')
      directories.add(current.disk.find('/d') !== undefined)
    }
    expect(directories.size).toBe(2)
    const nested = outcomes((current) => {
      current.fs.makeDirectory('/d')
      current.fs.open('/d/a', 'create').syncSync()
      current.fs.syncDirectorySync('/d')
    }, '/d/a')
    expect([...nested.keys()]).toEqual([''])
  })

  it('may be old or new after a rename, never both and never neither', () => {
    const seen = { '/a': 0, '/b': 0 }
    for (const seed of SEEDS) {
      const current = machine(seed)
      safeFile(current, 'hello')
      current.fs.rename('/a', '/b')
      current.disk.crash('power')
      const paths = current.disk.files().map(({ path }) => path)
      expect(paths).toHaveLength(1)
      seen[paths[0] as '/a' | '/b']++
    }
    expect(Math.min(seen['/a'], seen['/b'])).toBeGreaterThan(0)
  })

  it('may be back after a removal that no directory sync covered', () => {
    const removed = outcomes((current) => {
      safeFile(current, 'hello').close()
      current.fs.remove('/a')
    })
    expect([...removed.keys()].sort()).toEqual(['hello', null])
    const synced = outcomes((current) => {
      safeFile(current, 'hello').close()
      current.fs.remove('/a')
      current.fs.syncDirectorySync('/')
    })
    expect([...synced.keys()]).toEqual([null])
  })

  it('are lost or kept each alone', () => {
    const seen = new Set<string>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      for (const path of ['/a', '/b', '/c']) current.fs.open(path, 'create')
      current.disk.crash('power')
      seen.add(
        current.disk
          .files()
          .map(({ path }) => path)
          .join(),
      )
    }
    expect(seen).toContain('/a,/c')
    expect(seen).toContain('/b')
  })

  it('never show a rename whose file was never created', () => {
    for (const seed of SEEDS) {
      const current = machine(seed)
      safeFile(current, 'old').close()
      const handle = current.fs.open('/a.tmp', 'create')
      handle.appendSync([Buffer.from('new')])
      handle.syncSync()
      current.fs.rename('/a.tmp', '/a')
      expect(['old', 'new']).toContain(contentAfter('power', current))
    }
  })
})

describe('a crash at an operation', () => {
  it('may leave any part of the write that it interrupts', () => {
    const seen = new Set<string | null>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      const handle = safeFile(current)
      current.fs.gate.crashAtOperation = current.fs.gate.operationCount + 1
      expect(() => handle.appendSync([Buffer.from('hello')])).toThrow(CrashError)
      expect(() => handle.sizeBytes && handle.syncSync()).not.toThrow(RangeError)
      seen.add(contentAfter('process', current))
    }
    expect([...seen].sort()).toEqual(['', 'h', 'he', 'hel', 'hell', 'hello'])
  })

  it('leaves the dead process unable to touch the disk of the next one', async () => {
    const current = machine(1)
    const handle = safeFile(current)
    const synced = handle.sync()
    let isSettled = false
    synced.then(() => (isSettled = true)).catch(() => (isSettled = true))
    current.disk.crash('process')
    current.disk.boot(new SimulatedClock())
    expect(() => handle.appendSync([Buffer.from('x')])).toThrow(CrashError)
    expect(() => current.fs.open('/b', 'create')).toThrow(CrashError)
    while (await current.clock.step());
    expect(isSettled).toBe(false)
  })

  it('drops the lock of the dead process, and tells its successor who held it', () => {
    const current = machine(1)
    current.fs.lockDirectory('/', { pid: 1, bootId: current.fs.bootId(), startedAtMs: 0 })
    current.disk.crash('power')
    const fs = current.disk.boot(new SimulatedClock())
    const lock = fs.lockDirectory('/', { pid: 2, bootId: fs.bootId(), startedAtMs: 0 })
    expect(lock.previousHolder).toMatchObject({ pid: 1, bootId: 'simulated-boot-1' })
    expect(fs.bootId()).toBe('simulated-boot-2')
  })
})

describe('a planned failure', () => {
  it('hits the one operation that it was planned for', () => {
    for (const code of ['EIO', 'ENOSPC', 'EMFILE', 'EACCES', 'short'] as const) {
      const current = machine(1)
      const handle = safeFile(current)
      current.fs.gate.plannedFailure = { atOperation: current.fs.gate.operationCount + 2, code }
      handle.appendSync([Buffer.from('one ')])
      expect(() => handle.appendSync([Buffer.from('two')])).toThrow(
        expect.objectContaining({ code: code === 'short' ? 'ENOSPC' : code }),
      )
      expect(current.fs.gate.failedOperation).toMatchObject({ kind: 'append', path: '/a' })
      handle.truncateSync(4)
      handle.appendSync([Buffer.from('three')])
      expect(current.fs.readFile('/a').toString()).toBe('one three')
    }
  })

  it('leaves a part of a short write behind', () => {
    const sizes = new Set<number>()
    for (const seed of SEEDS) {
      const current = machine(seed)
      const handle = safeFile(current)
      current.fs.gate.plannedFailure = { atOperation: current.fs.gate.operationCount + 1, code: 'short' }
      expect(() => handle.appendSync([Buffer.from('abc')])).toThrow(/short|ENOSPC/)
      sizes.add(handle.sizeBytes)
    }
    expect([...sizes].sort()).toEqual([0, 1, 2, 3])
  })
})

describe('rot', () => {
  it('changes the one byte, for this process and after a power loss', () => {
    const current = machine(1)
    safeFile(current, 'hello')
    const node = current.disk.find('/a')
    if (node?.kind === 'file') node.flip(1, 0x20)
    expect(current.fs.readFile('/a').toString()).toBe('hEllo')
    expect(contentAfter('power', current)).toBe('hEllo')
  })
})

describe('the same seed', () => {
  it('gives the same disk twice', () => {
    const run = (seed: number): string => {
      const current = machine(seed)
      const handle = safeFile(current, 'hello')
      for (let count = 0; count < 20; count++) handle.appendSync([Buffer.alloc(300, 97 + count)])
      for (const name of ['b', 'c', 'd']) current.fs.open(`/${name}`, 'create')
      current.disk.crash('power')
      return current.disk
        .files()
        .map(({ path, node }) => `${path}:${node.read(0, 10_000).toString('latin1')}`)
        .join()
    }
    for (const seed of SEEDS) expect(run(seed)).toBe(run(seed))
    expect(run(1)).not.toBe(run(2))
  })
})
