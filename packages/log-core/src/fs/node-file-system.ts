import fs, { type Dirent } from 'node:fs'
import process from 'node:process'
import { directoryOf } from './atomic-file.ts'
import type {
  DirectoryEntry,
  DirectoryLock,
  FileHandle,
  FileSystem,
  LockHolder,
  OpenMode,
} from './file-system.ts'
import { readBootId } from './node-boot-id.ts'
import { lockNodeDirectory } from './node-directory-lock.ts'
import { attempt, openNodeFile } from './node-file-handle.ts'
import { nodeStatfsKind } from './node-statfs-kind.ts'
import { StorageError } from './storage-error.ts'

/** The disk of this machine. */
export function nodeFileSystem(): FileSystem {
  return new NodeFileSystem()
}

class NodeFileSystem implements FileSystem {
  /** It cannot change under a running process, and asking costs a process on macOS. */
  #bootId: string | null = null

  open(path: string, mode: OpenMode): FileHandle {
    return openNodeFile(path, mode)
  }

  exists(path: string): boolean {
    return attempt(path, 'look for', () => fs.statSync(path, { throwIfNoEntry: false })) !== undefined
  }

  list(directory: string): DirectoryEntry[] {
    return attempt(directory, 'list', () => {
      const found = fs.readdirSync(directory, { withFileTypes: true })
      return found.sort(byName).flatMap((entry) => describeEntry(directory, entry))
    })
  }

  listNames(directory: string): string[] {
    return attempt(directory, 'list', () => fs.readdirSync(directory))
  }

  link(existing: string, path: string): void {
    attempt(path, `link to ${existing}`, () => fs.linkSync(existing, path))
  }

  isShared(path: string): boolean {
    return attempt(path, 'look at', () => fs.statSync(path)).nlink > 1
  }

  makeDirectory(path: string): void {
    const parent = directoryOf(path)
    if (this.exists(path)) {
      if (attempt(path, 'look at', () => fs.statSync(path)).isDirectory()) {
        this.#syncParent(parent)
        return
      }
      throw new StorageError('ENOTDIR', path, `${path} is a file; expected a directory or nothing`)
    }
    if (parent !== path) this.makeDirectory(parent)
    attempt(path, 'make the directory', () => fs.mkdirSync(path))
    this.syncDirectorySync(parent)
  }

  addDirectory(path: string): void {
    attempt(path, 'make the directory', () => fs.mkdirSync(path, { recursive: true }))
  }

  remove(path: string): void {
    attempt(path, 'remove', () => fs.unlinkSync(path))
  }

  removeDirectory(path: string): void {
    attempt(path, 'remove the directory', () => fs.rmSync(path, { recursive: true }))
  }

  rename(from: string, to: string): void {
    attempt(from, `rename to ${to}`, () => fs.renameSync(from, to))
  }

  readFile(path: string): Buffer {
    return attempt(path, 'read', () => fs.readFileSync(path))
  }

  statfsKind(path: string): string {
    return nodeStatfsKind(path)
  }

  freeBytes(path: string): number {
    const { bavail, bsize } = attempt(path, 'ask for the free space', () => fs.statfsSync(path))
    return bavail * bsize
  }

  totalBytes(path: string): number {
    const { blocks, bsize } = attempt(path, 'ask for the size of its file system', () => fs.statfsSync(path))
    return blocks * bsize
  }

  async syncDirectory(path: string): Promise<void> {
    if (process.platform === 'win32') return // Windows has no directory sync: documented as a gap.
    const descriptor = attempt(path, 'open the directory', () => fs.openSync(path, 'r'))
    try {
      await new Promise<void>((resolve, reject) => {
        fs.fsync(descriptor, (error) =>
          error ? reject(StorageError.from(error, path, 'sync the directory')) : resolve(),
        )
      })
    } finally {
      attempt(path, 'close the directory', () => fs.closeSync(descriptor))
    }
  }

  syncDirectorySync(path: string): void {
    if (process.platform === 'win32') return
    const descriptor = attempt(path, 'open the directory', () => fs.openSync(path, 'r'))
    try {
      attempt(path, 'sync the directory', () => fs.fsyncSync(descriptor))
    } finally {
      attempt(path, 'close the directory', () => fs.closeSync(descriptor))
    }
  }

  lockDirectory(path: string, holder: LockHolder): DirectoryLock {
    return lockNodeDirectory(this, path, holder)
  }

  /**
   * An existing directory may be one that an earlier attempt made and then died, before it synced the parent. Whoever
   * may not read the parent cannot have made anything in it either.
   */
  #syncParent(parent: string): void {
    try {
      this.syncDirectorySync(parent)
    } catch (error) {
      if (!(error instanceof StorageError) || !['EACCES', 'EPERM'].includes(error.code)) throw error
    }
  }

  bootId(): string {
    this.#bootId ??= readBootId()
    return this.#bootId
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1
}

/** The directory knows which names are files: a look at each of a hundred thousand would take half of a start. */
function describeEntry(directory: string, entry: Dirent): DirectoryEntry[] {
  const { name } = entry
  if (entry.isDirectory()) return [{ name, kind: 'directory', sizeBytes: 0 }]
  if (!entry.isFile()) return describeLink(`${directory}/${name}`, name)
  return [
    {
      name,
      kind: 'file',
      get sizeBytes() {
        return sizeOf(`${directory}/${name}`)
      },
    },
  ]
}

/** 0 when it was removed after it was listed. */
function sizeOf(path: string): number {
  return attempt(path, 'look at', () => fs.statSync(path, { throwIfNoEntry: false }))?.size ?? 0
}

/** A link is what it leads to. Nothing, when the name was removed between listing and looking. */
function describeLink(path: string, name: string): DirectoryEntry[] {
  const stats = fs.statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) {
    const isDanglingLink = fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined
    return isDanglingLink ? [{ name, kind: 'other', sizeBytes: 0 }] : []
  }
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other'
  return [{ name, kind, sizeBytes: kind === 'file' ? stats.size : 0 }]
}
