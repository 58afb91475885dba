import { strict as assert } from 'node:assert'
import type {
  DirectoryEntry,
  DirectoryLock,
  FileHandle,
  FileSystem,
  LockHolder,
  OpenMode,
} from './file-system.ts'
import { lockedError } from './lock-holder-file.ts'
import { MemoryFile } from './memory-file.ts'
import { MemoryFileHandle } from './memory-file-handle.ts'
import { STORAGE_ERROR_MEANINGS, StorageError, type StorageErrorCode } from './storage-error.ts'

/** A disk in memory, for a broker without a data directory: nothing outlives it, and a sync costs nothing. */
export function memoryFileSystem(): FileSystem {
  return new MemoryFileSystem()
}

type Directory = Map<string, Node>
type Node = { kind: 'file'; file: MemoryFile } | { kind: 'directory'; entries: Directory }

class MemoryFileSystem implements FileSystem {
  readonly #root: Node = { kind: 'directory', entries: new Map() }
  readonly #holders = new Map<string, LockHolder>()

  open(path: string, mode: OpenMode): FileHandle {
    const { entries, name } = this.#parentOf(path)
    const node = entries.get(name)
    if (node?.kind === 'directory') throw failure('EISDIR', path, `open (${mode})`)
    if (mode === 'create') {
      if (node !== undefined) throw failure('EEXIST', path, 'open (create)')
      const file = new MemoryFile()
      entries.set(name, { kind: 'file', file })
      return new MemoryFileHandle(path, file, mode)
    }
    if (node === undefined) throw failure('ENOENT', path, `open (${mode})`)
    return new MemoryFileHandle(path, node.file, mode)
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined
  }

  list(directory: string): DirectoryEntry[] {
    const names = [...this.#entriesOf(directory, 'list')].sort(([a], [b]) => (a < b ? -1 : 1))
    return names.map(([name, node]) => ({
      name,
      kind: node.kind,
      sizeBytes: node.kind === 'file' ? node.file.sizeBytes : 0,
    }))
  }

  makeDirectory(path: string): void {
    let node = this.#root
    for (const name of partsOf(path)) {
      if (node.kind === 'file') throw failure('ENOTDIR', path, 'make the directory')
      const next: Node = node.entries.get(name) ?? { kind: 'directory', entries: new Map() }
      node.entries.set(name, next)
      node = next
    }
    if (node.kind === 'file') throw failure('ENOTDIR', path, 'make the directory')
  }

  addDirectory(path: string): void {
    this.makeDirectory(path)
  }

  remove(path: string): void {
    const { entries, name } = this.#parentOf(path)
    const node = entries.get(name)
    if (node === undefined) throw failure('ENOENT', path, 'remove')
    if (node.kind === 'directory') throw failure('EISDIR', path, 'remove')
    entries.delete(name)
  }

  removeDirectory(path: string): void {
    const { entries, name } = this.#parentOf(path)
    if (!entries.delete(name)) throw failure('ENOENT', path, 'remove the directory')
  }

  rename(from: string, to: string): void {
    const source = this.#parentOf(from)
    const target = this.#parentOf(to)
    const node = source.entries.get(source.name)
    if (node === undefined) throw failure('ENOENT', from, `rename to ${to}`)
    const replaced = target.entries.get(target.name)
    if (replaced?.kind === 'directory' && node.kind === 'file') throw failure('EISDIR', to, `rename ${from}`)
    if (replaced?.kind === 'directory' && replaced.entries.size > 0)
      throw failure('ENOTEMPTY', to, `rename ${from}`)
    source.entries.delete(source.name)
    target.entries.set(target.name, node)
  }

  readFile(path: string): Buffer {
    const handle = this.open(path, 'read')
    const bytes = Buffer.allocUnsafe(handle.sizeBytes)
    handle.readSync(0, bytes)
    return bytes
  }

  /** There are no links here. */
  isShared(): boolean {
    return false
  }

  statfsKind(path: string): string {
    this.#entriesOf(path, 'ask for the kind of file system')
    return 'memory'
  }

  freeBytes(): number {
    return Number.MAX_SAFE_INTEGER
  }

  async syncDirectory(path: string): Promise<void> {
    this.syncDirectorySync(path)
  }

  syncDirectorySync(path: string): void {
    this.#entriesOf(path, 'sync the directory')
  }

  lockDirectory(path: string, holder: LockHolder): DirectoryLock {
    this.#entriesOf(path, 'lock')
    const key = partsOf(path).join('/')
    const current = this.#holders.get(key)
    if (current !== undefined) throw lockedError(path, current)
    this.#holders.set(key, holder)
    const release = (): void => {
      if (this.#holders.get(key) === holder) this.#holders.delete(key)
    }
    // Nobody before: a memory file system begins empty, and its holders leave in good order or take it with them.
    return { previousHolder: null, release }
  }

  bootId(): string {
    return 'memory'
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of partsOf(path)) {
      if (node?.kind !== 'directory') return undefined
      node = node.entries.get(name)
    }
    return node
  }

  #entriesOf(path: string, doing: string): Directory {
    const node = this.#find(path)
    if (node === undefined) throw failure('ENOENT', path, doing)
    if (node.kind === 'file') throw failure('ENOTDIR', path, doing)
    return node.entries
  }

  #parentOf(path: string): { entries: Directory; name: string } {
    const parts = partsOf(path)
    const name = parts.pop()
    assert(name !== undefined, 'the root is not a file')
    return { entries: this.#entriesOf(parts.join('/'), 'find the directory of'), name }
  }
}

function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  assert(!parts.includes('..'), `${path} leaves its directory`)
  return parts
}

function failure(code: StorageErrorCode, path: string, doing: string): StorageError {
  return new StorageError(
    code,
    path,
    `could not ${doing}: ${code}, ${STORAGE_ERROR_MEANINGS[code]} (${path})`,
  )
}
