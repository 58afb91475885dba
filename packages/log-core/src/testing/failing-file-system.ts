import type { FileHandle, FileSystem, OpenMode } from '../fs/file-system.ts'
import { StorageError, type StorageErrorCode } from '../fs/storage-error.ts'

/** Operations of file handles that can be made to fail. */
export type FailingOperation = 'append' | 'sync' | 'truncate'

/** A file system whose handles fail on demand, and whose syncs can be held back. */
export interface FailingFileSystem extends FileSystem {
  /** The next operation of the kind on a file whose path ends so fails; an append writes half of its bytes first. */
  failNext(operation: FailingOperation, pathEnd: string, code: StorageErrorCode): void
  /** From now on syncs of such files do not end; the returned function lets them. */
  holdSyncs(pathEnd: string): () => void
  /** What was called, as "sync /data/flights-0/x.log". */
  readonly calls: string[]
  freeBytesNow: number
}

export function failingFileSystem(inner: FileSystem): FailingFileSystem {
  const planned: { operation: FailingOperation; pathEnd: string; code: StorageErrorCode }[] = []
  let held: { pathEnd: string; released: Promise<void> } | null = null
  const calls: string[] = []

  function takeFailure(operation: FailingOperation, path: string): StorageError | null {
    const index = planned.findIndex((plan) => plan.operation === operation && path.endsWith(plan.pathEnd))
    const plan = planned[index]
    if (plan === undefined) return null
    planned.splice(index, 1)
    return new StorageError(plan.code, path, `planned ${plan.code} of ${operation} (${path})`)
  }

  async function sync(handle: FileHandle, run: () => Promise<void>): Promise<void> {
    calls.push(`sync ${handle.path}`)
    const failure = takeFailure('sync', handle.path)
    if (held !== null && handle.path.endsWith(held.pathEnd)) await held.released
    if (failure !== null) throw failure
    await run()
  }

  function wrap(handle: FileHandle): FileHandle {
    return {
      get path() {
        return handle.path
      },
      get sizeBytes() {
        return handle.sizeBytes
      },
      appendSync: (buffers) => {
        calls.push(`append ${handle.path}`)
        const failure = takeFailure('append', handle.path)
        if (failure === null) return handle.appendSync(buffers)
        const bytes = Buffer.concat(buffers)
        handle.appendSync([bytes.subarray(0, bytes.length >> 1)])
        throw failure
      },
      writeAtSync: (position, bytes) => handle.writeAtSync(position, bytes),
      readSync: (position, target, offset, length) => handle.readSync(position, target, offset, length),
      read: (position, length) => handle.read(position, length),
      readInto: (position, target, length) => handle.readInto(position, target, length),
      truncateSync: (sizeBytes) => {
        calls.push(`truncate ${handle.path}`)
        const failure = takeFailure('truncate', handle.path)
        if (failure !== null) throw failure
        handle.truncateSync(sizeBytes)
      },
      sync: () => sync(handle, () => handle.sync()),
      syncSync: () => handle.syncSync(),
      fullSync: () => sync(handle, () => handle.fullSync()),
      close: () => handle.close(),
    }
  }

  const failing: FailingFileSystem = {
    calls,
    freeBytesNow: 2 ** 40,
    failNext: (operation, pathEnd, code) => planned.push({ operation, pathEnd, code }),
    holdSyncs: (pathEnd) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const own = { pathEnd, released: promise }
      held = own
      return () => {
        if (held === own) held = null
        resolve()
      }
    },
    open: (path: string, mode: OpenMode) => wrap(inner.open(path, mode)),
    exists: (path) => inner.exists(path),
    list: (directory) => inner.list(directory),
    makeDirectory: (path) => inner.makeDirectory(path),
    addDirectory: (path) => inner.addDirectory(path),
    remove: (path) => {
      calls.push(`remove ${path}`)
      inner.remove(path)
    },
    removeDirectory: (path) => inner.removeDirectory(path),
    rename: (from, to) => {
      calls.push(`rename ${from}`)
      inner.rename(from, to)
    },
    readFile: (path) => inner.readFile(path),
    isShared: (path) => inner.isShared(path),
    statfsKind: (path) => inner.statfsKind(path),
    freeBytes: () => failing.freeBytesNow,
    syncDirectory: (path) => {
      calls.push(`syncDirectory ${path}`)
      return inner.syncDirectory(path)
    },
    syncDirectorySync: (path) => inner.syncDirectorySync(path),
    lockDirectory: (path, holder) => inner.lockDirectory(path, holder),
    bootId: () => inner.bootId(),
  }
  return failing
}
