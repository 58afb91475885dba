import nodeFs from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nodeFileSystem } from './node-file-system.ts'
import { isVolatileMount } from './node-statfs-kind.ts'
import { describeFileSystemContract } from './testing/file-system-contract.ts'

const directories: string[] = []

function temporaryDirectory(): string {
  const directory = nodeFs.mkdtempSync(`${os.tmpdir()}/millrace-fs-`)
  directories.push(directory)
  return directory
}

afterEach(() => {
  vi.restoreAllMocks()
  for (const directory of directories.splice(0)) nodeFs.rmSync(directory, { recursive: true, force: true })
})

describeFileSystemContract('node', () => ({
  fs: nodeFileSystem(),
  root: temporaryDirectory(),
  settle: (pending) => pending,
  dispose: () => undefined,
}))

describe('node file system', () => {
  it('goes on after short writes, in the middle of a buffer too', () => {
    const handle = nodeFileSystem().open(`${temporaryDirectory()}/a`, 'create')
    const write = nodeFs.writevSync
    vi.spyOn(nodeFs, 'writevSync').mockImplementation((descriptor, buffers, position) => {
      const all = Buffer.concat(buffers as Buffer[])
      return write(descriptor, [all.subarray(0, 3)], position)
    })
    handle.appendSync([Buffer.from('hello '), Buffer.from('w'), Buffer.from('orld')])
    expect(handle.sizeBytes).toBe(11)
    expect(nodeFs.readFileSync(handle.path, 'utf8')).toBe('hello world')
    handle.close()
  })

  it('knows what was written when a write fails half way', () => {
    const handle = nodeFileSystem().open(`${temporaryDirectory()}/a`, 'create')
    const write = nodeFs.writevSync
    vi.spyOn(nodeFs, 'writevSync')
      .mockImplementationOnce((descriptor, buffers, position) =>
        write(descriptor, [(buffers[0] as Buffer).subarray(0, 2)], position),
      )
      .mockImplementationOnce(() => {
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      })
    expect(() => handle.appendSync([Buffer.from('hello')])).toThrow(
      expect.objectContaining({ code: 'ENOSPC', message: expect.stringContaining('append 3 bytes at 2') }),
    )
    expect(handle.sizeBytes).toBe(2)
    handle.close()
  })

  it('reports a write that wrote nothing instead of trying for ever', () => {
    const handle = nodeFileSystem().open(`${temporaryDirectory()}/a`, 'create')
    vi.spyOn(nodeFs, 'writevSync').mockReturnValue(0)
    expect(() => handle.appendSync([Buffer.from('hello')])).toThrow(expect.objectContaining({ code: 'EIO' }))
    handle.close()
  })

  it.runIf(process.platform === 'linux')('reports a full disk with its code', () => {
    const handle = nodeFileSystem().open('/dev/full', 'open')
    expect(() => handle.appendSync([Buffer.from('x')])).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    handle.close()
  })

  it('rejects a failed sync with its code', async () => {
    const handle = nodeFileSystem().open(`${temporaryDirectory()}/a`, 'create')
    vi.spyOn(nodeFs, 'fdatasync').mockImplementation((_, done) =>
      done(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })),
    )
    await expect(handle.sync()).rejects.toMatchObject({
      name: 'StorageError',
      code: 'EIO',
      path: handle.path,
    })
    handle.close()
  })

  it('keeps the descriptor until the sync in flight has ended', async () => {
    const handle = nodeFileSystem().open(`${temporaryDirectory()}/a`, 'create')
    const close = vi.spyOn(nodeFs, 'closeSync')
    const synced = handle.sync()
    handle.close()
    expect(close).not.toHaveBeenCalled()
    await synced
    expect(close).toHaveBeenCalledTimes(1)
  })

  it('syncs the parent of every directory that it makes, from the outside in, and of one that is there', () => {
    const root = temporaryDirectory()
    const opened = vi.spyOn(nodeFs, 'openSync')
    nodeFileSystem().makeDirectory(`${root}/a/b`)
    expect(opened.mock.calls.map(([path]) => path).slice(-2)).toEqual([root, `${root}/a`])
    opened.mockClear()
    nodeFileSystem().makeDirectory(`${root}/a/b`)
    expect(opened.mock.calls.map(([path]) => path)).toEqual([`${root}/a`])
  })

  it('lists a dangling link as neither file nor directory', () => {
    const root = temporaryDirectory()
    nodeFs.symlinkSync(`${root}/nowhere`, `${root}/link`)
    expect(nodeFileSystem().list(root)).toEqual([{ name: 'link', kind: 'other', sizeBytes: 0 }])
  })
})

describe('volatile overlays', () => {
  it('are recognised by the innermost mount that holds the path', () => {
    const mounts = [
      'overlay / overlay rw,relatime,lowerdir=/l,upperdir=/u,workdir=/w,volatile 0 0',
      'overlay /data overlay rw,relatime 0 0',
      'overlay /with\\040space overlay rw,volatile 0 0',
    ].join('\n')
    expect(isVolatileMount(mounts, '/home')).toBe(true)
    expect(isVolatileMount(mounts, '/data')).toBe(false)
    expect(isVolatileMount(mounts, '/data/topic-0')).toBe(false)
    expect(isVolatileMount(mounts, '/database')).toBe(true)
    expect(isVolatileMount(mounts, '/with space/data')).toBe(true)
  })
})
