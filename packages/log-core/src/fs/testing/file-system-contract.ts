import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFileAtomically, writeFileAtomicallySync } from '../atomic-file.ts'
import type { FileHandle, FileSystem } from '../file-system.ts'
import { StorageError, type StorageErrorCode } from '../storage-error.ts'

/** One empty file system for one test. */
export interface FileSystemUnderTest {
  readonly fs: FileSystem
  /** An existing, empty directory. */
  readonly root: string
  /** Lets an operation off the event loop finish, and returns its result. A simulated disk needs its clock moved. */
  settle<T>(pending: Promise<T>): Promise<T>
  dispose(): void
}

/** What every implementation of `FileSystem` must do alike. Crashes are the simulator's own subject. */
export function describeFileSystemContract(name: string, create: () => FileSystemUnderTest): void {
  describe(`${name}: the file system contract`, () => {
    let test: FileSystemUnderTest
    const context = (): FileSystemUnderTest => test
    beforeEach(() => {
      test = create()
    })
    afterEach(() => test.dispose())
    describeFiles(context)
    describeWriting(context)
    describeReading(context)
    describeDirectories(context)
    describeAtomicFiles(context)
    describeLock(context)
  })
}

type Context = () => FileSystemUnderTest

function describeFiles(context: Context): void {
  it('opens what exists and creates what does not', () => {
    const { fs, root } = context()
    expect(codeOf(() => fs.open(`${root}/a`, 'open'))).toBe('ENOENT')
    expect(codeOf(() => fs.open(`${root}/a`, 'read'))).toBe('ENOENT')
    expect(fs.exists(`${root}/a`)).toBe(false)
    const created = fs.open(`${root}/a`, 'create')
    expect(created.path).toBe(`${root}/a`)
    expect(created.sizeBytes).toBe(0)
    created.close()
    expect(fs.exists(`${root}/a`)).toBe(true)
    expect(codeOf(() => fs.open(`${root}/a`, 'create'))).toBe('EEXIST')
  })

  it('knows the size of a file that it opens', () => {
    const { fs, root } = context()
    writeFile(fs, `${root}/a`, 'hello')
    for (const mode of ['open', 'read'] as const) {
      const handle = fs.open(`${root}/a`, mode)
      expect(handle.sizeBytes).toBe(5)
      handle.close()
    }
  })

  it('names code and path in its errors', () => {
    const { fs, root } = context()
    const error = errorOf(() => fs.open(`${root}/missing`, 'open'))
    expect(error).toMatchObject({ name: 'StorageError', code: 'ENOENT', path: `${root}/missing` })
    expect(error.message).toContain('ENOENT')
    expect(error.message).toContain(`${root}/missing`)
  })

  it('closes more than once, and refuses work afterwards', () => {
    const { fs, root } = context()
    const handle = fs.open(`${root}/a`, 'create')
    handle.close()
    handle.close()
    expect(() => handle.appendSync([Buffer.from('x')])).toThrow(/closed/)
  })

  it('finishes a sync and a read that were in flight when it was closed', async () => {
    const { fs, root, settle } = context()
    const handle = fs.open(`${root}/a`, 'create')
    handle.appendSync([Buffer.from('hello')])
    const synced = handle.sync()
    const read = handle.read(0, 5)
    handle.close()
    await settle(synced)
    expect((await settle(read)).toString()).toBe('hello')
  })

  it('keeps a removed file readable for the handle that is open', () => {
    const { fs, root } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello', { keepOpen: true })
    fs.remove(`${root}/a`)
    expect(fs.exists(`${root}/a`)).toBe(false)
    expect(readAll(handle)).toBe('hello')
    handle.close()
  })
}

function describeWriting(context: Context): void {
  it('appends buffers in order, empty ones included', () => {
    const { fs, root } = context()
    const handle = fs.open(`${root}/a`, 'create')
    handle.appendSync([Buffer.from('one '), Buffer.alloc(0), Buffer.from('two ')])
    handle.appendSync([])
    handle.appendSync([Buffer.from('three')])
    expect(handle.sizeBytes).toBe(13)
    expect(fs.readFile(`${root}/a`).toString()).toBe('one two three')
    handle.close()
  })

  it('appends more buffers than one vectored write takes', () => {
    const { fs, root } = context()
    const parts = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index},`))
    const handle = fs.open(`${root}/a`, 'create')
    handle.appendSync(parts)
    expect(fs.readFile(`${root}/a`).equals(Buffer.concat(parts))).toBe(true)
    handle.close()
  })

  it('appends after the end of a file that it opened', () => {
    const { fs, root } = context()
    writeFile(fs, `${root}/a`, 'hello')
    const handle = fs.open(`${root}/a`, 'open')
    handle.appendSync([Buffer.from(' world')])
    expect(readAll(handle)).toBe('hello world')
    handle.close()
  })

  it('does not keep the buffers it was given', () => {
    const { fs, root } = context()
    const handle = fs.open(`${root}/a`, 'create')
    const bytes = Buffer.from('hello')
    handle.appendSync([bytes])
    bytes.fill(0)
    expect(readAll(handle)).toBe('hello')
    handle.close()
  })

  it('writes in the middle, across the end and behind it', () => {
    const { fs, root } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello world', { keepOpen: true })
    handle.writeAtSync(6, Buffer.from('W'))
    expect(handle.sizeBytes).toBe(11)
    handle.writeAtSync(10, Buffer.from('d!'))
    expect(handle.sizeBytes).toBe(12)
    handle.writeAtSync(14, Buffer.from('?'))
    expect(readAll(handle)).toBe('hello World!\0\0?')
    handle.close()
  })

  it('truncates, and appends at the new end', () => {
    const { fs, root } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello world', { keepOpen: true })
    handle.truncateSync(5)
    expect(handle.sizeBytes).toBe(5)
    handle.appendSync([Buffer.from('!')])
    expect(readAll(handle)).toBe('hello!')
    handle.truncateSync(8)
    expect(readAll(handle)).toBe('hello!\0\0')
    handle.close()
  })

  it('refuses to write through a handle opened for reading', () => {
    const { fs, root } = context()
    writeFile(fs, `${root}/a`, 'hello')
    const handle = fs.open(`${root}/a`, 'read')
    expect(() => handle.appendSync([Buffer.from('x')])).toThrow(/for reading/)
    expect(() => handle.writeAtSync(0, Buffer.from('x'))).toThrow(/for reading/)
    expect(() => handle.truncateSync(0)).toThrow(/for reading/)
    expect(readAll(handle)).toBe('hello')
    handle.close()
  })

  it('syncs in all three ways', async () => {
    const { fs, root, settle } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello', { keepOpen: true })
    await settle(handle.sync())
    await settle(handle.fullSync())
    handle.syncSync()
    handle.close()
  })
}

function describeReading(context: Context): void {
  it('reads short at the end of the file and nothing behind it', async () => {
    const { fs, root, settle } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello', { keepOpen: true })
    const target = Buffer.from('..........')
    expect(handle.readSync(3, target)).toBe(2)
    expect(target.toString()).toBe('lo........')
    expect(handle.readSync(5, target)).toBe(0)
    expect(handle.readSync(900, target)).toBe(0)
    expect((await settle(handle.read(3, 10))).toString()).toBe('lo')
    expect((await settle(handle.read(900, 10))).length).toBe(0)
    handle.close()
  })

  it('reads into a part of the target', () => {
    const { fs, root } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello', { keepOpen: true })
    const target = Buffer.from('..........')
    expect(handle.readSync(1, target, 2, 3)).toBe(3)
    expect(target.toString()).toBe('..ell.....')
    expect(handle.readSync(0, target, 6)).toBe(4)
    expect(target.toString()).toBe('..ell.hell')
    handle.close()
  })

  it('gives a buffer that later writes do not change', async () => {
    const { fs, root, settle } = context()
    const handle = writeFile(fs, `${root}/a`, 'hello', { keepOpen: true })
    const read = await settle(handle.read(0, 5))
    const whole = fs.readFile(`${root}/a`)
    handle.writeAtSync(0, Buffer.from('J'))
    expect(read.toString()).toBe('hello')
    expect(whole.toString()).toBe('hello')
    handle.close()
  })

  it('reads a large file back as it was written', async () => {
    const { fs, root, settle } = context()
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) >>> 3))
    const handle = fs.open(`${root}/a`, 'create')
    for (let start = 0; start < bytes.length; start += 10_007)
      handle.appendSync([bytes.subarray(start, start + 10_007)])
    expect((await settle(handle.read(4090, 200_000))).equals(bytes.subarray(4090, 204_090))).toBe(true)
    const memory = Buffer.alloc(200_001, 7)
    expect(await settle(handle.readInto(4090, memory, 200_000))).toBe(200_000)
    expect(memory.subarray(0, 200_000).equals(bytes.subarray(4090, 204_090))).toBe(true)
    expect(memory[200_000]).toBe(7)
    expect(await settle(handle.readInto(bytes.length - 3, memory, 10))).toBe(3)
    expect(fs.readFile(`${root}/a`).equals(bytes)).toBe(true)
    handle.close()
  })
}

function describeDirectories(context: Context): void {
  it('makes directories with their parents, and again', () => {
    const { fs, root } = context()
    fs.makeDirectory(`${root}/a/b/c`)
    fs.makeDirectory(`${root}/a/b/c`)
    expect(fs.list(`${root}/a`)).toEqual([{ name: 'b', kind: 'directory', sizeBytes: 0 }])
    expect(fs.list(`${root}/a/b/c`)).toEqual([])
  })

  it('lists names in order with kind and size', () => {
    const { fs, root } = context()
    writeFile(fs, `${root}/b`, 'hello')
    writeFile(fs, `${root}/a`, '')
    fs.makeDirectory(`${root}/c`)
    writeFile(fs, `${root}/c/inner`, 'x')
    expect(fs.list(root)).toEqual([
      { name: 'a', kind: 'file', sizeBytes: 0 },
      { name: 'b', kind: 'file', sizeBytes: 5 },
      { name: 'c', kind: 'directory', sizeBytes: 0 },
    ])
  })

  it('refuses what needs a directory and finds none', () => {
    const { fs, root } = context()
    writeFile(fs, `${root}/file`, 'x')
    expect(codeOf(() => fs.list(`${root}/missing`))).toBe('ENOENT')
    expect(codeOf(() => fs.list(`${root}/file`))).toBe('ENOTDIR')
    expect(codeOf(() => fs.makeDirectory(`${root}/file`))).toBe('ENOTDIR')
    expect(codeOf(() => fs.makeDirectory(`${root}/file/inner`))).toBe('ENOTDIR')
    expect(codeOf(() => fs.open(`${root}/missing/a`, 'create'))).toBe('ENOENT')
    expect(codeOf(() => fs.syncDirectorySync(`${root}/missing`))).toBe('ENOENT')
    expect(codeOf(() => fs.remove(`${root}/missing`))).toBe('ENOENT')
    expect(codeOf(() => fs.removeDirectory(`${root}/missing`))).toBe('ENOENT')
    expect(codeOf(() => fs.rename(`${root}/missing`, `${root}/b`))).toBe('ENOENT')
    expect(codeOf(() => fs.readFile(`${root}/missing`))).toBe('ENOENT')
  })

  it('renames over an existing file', () => {
    const { fs, root } = context()
    writeFile(fs, `${root}/a`, 'new')
    writeFile(fs, `${root}/b`, 'old')
    fs.rename(`${root}/a`, `${root}/b`)
    expect(fs.exists(`${root}/a`)).toBe(false)
    expect(fs.readFile(`${root}/b`).toString()).toBe('new')
  })

  it('renames a directory with what is in it', () => {
    const { fs, root } = context()
    fs.makeDirectory(`${root}/a`)
    writeFile(fs, `${root}/a/file`, 'x')
    fs.rename(`${root}/a`, `${root}/b`)
    expect(fs.exists(`${root}/a`)).toBe(false)
    expect(fs.readFile(`${root}/b/file`).toString()).toBe('x')
  })

  it('removes a directory with what is in it', () => {
    const { fs, root } = context()
    fs.makeDirectory(`${root}/a/b`)
    writeFile(fs, `${root}/a/b/file`, 'x')
    fs.removeDirectory(`${root}/a`)
    expect(fs.exists(`${root}/a`)).toBe(false)
  })

  it('syncs a directory in both ways', async () => {
    const { fs, root, settle } = context()
    await settle(fs.syncDirectory(root))
    fs.syncDirectorySync(root)
  })

  it('says what kind of file system it is and how much room there is', () => {
    const { fs, root } = context()
    expect(fs.statfsKind(root)).toMatch(/^[a-z0-9-]+$/)
    expect(fs.freeBytes(root)).toBeGreaterThan(0)
    expect(fs.bootId()).toBe(fs.bootId())
    expect(fs.bootId()).not.toBe('')
  })
}

function describeAtomicFiles(context: Context): void {
  it('replaces a file in one step, whatever an earlier attempt left behind', async () => {
    const { fs, root, settle } = context()
    writeFile(fs, `${root}/a.tmp`, 'half of something longer')
    await settle(writeFileAtomically(fs, `${root}/a`, Buffer.from('one')))
    expect(fs.readFile(`${root}/a`).toString()).toBe('one')
    writeFileAtomicallySync(fs, `${root}/a`, Buffer.from('two'))
    expect(fs.readFile(`${root}/a`).toString()).toBe('two')
    expect(fs.list(root).map((entry) => entry.name)).toEqual(['a'])
  })
}

function describeLock(context: Context): void {
  it('lets one holder in at a time, and names it to the second', () => {
    const { fs, root } = context()
    const startedAtMs = Date.UTC(2024, 1, 29)
    const holder = { pid: 4711, bootId: fs.bootId(), startedAtMs }
    const lock = fs.lockDirectory(root, holder)
    expect(lock.previousHolder).toBe(null)
    const error = errorOf(() => fs.lockDirectory(root, { ...holder, pid: 4712 }))
    expect(error).toMatchObject({ code: 'LOCKED', path: root })
    expect(error.message).toContain('4711')
    expect(error.message).toContain('2024-02-29')
    lock.release()
    lock.release()
    const next = fs.lockDirectory(root, { ...holder, pid: 4712 })
    lock.release()
    expect(codeOf(() => fs.lockDirectory(root, holder))).toBe('LOCKED')
    next.release()
  })

  it('locks directories apart from each other', () => {
    const { fs, root } = context()
    fs.makeDirectory(`${root}/a`)
    fs.makeDirectory(`${root}/b`)
    const holder = { pid: 1, bootId: fs.bootId(), startedAtMs: 0 }
    const locks = [fs.lockDirectory(`${root}/a`, holder), fs.lockDirectory(`${root}/b`, holder)]
    for (const lock of locks) lock.release()
  })
}

function writeFile(fs: FileSystem, path: string, text: string, { keepOpen = false } = {}): FileHandle {
  const handle = fs.open(path, 'create')
  handle.appendSync([Buffer.from(text)])
  if (!keepOpen) handle.close()
  return handle
}

function readAll(handle: FileHandle): string {
  const target = Buffer.alloc(handle.sizeBytes + 10)
  return target.subarray(0, handle.readSync(0, target)).toString()
}

function errorOf(run: () => unknown): StorageError {
  try {
    run()
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
  throw new Error('expected a StorageError, and nothing was thrown')
}

function codeOf(run: () => unknown): StorageErrorCode {
  return errorOf(run).code
}
