import {
  type Clock,
  type DirectoryEntry,
  type DirectoryLock,
  type FileHandle,
  type FileSystem,
  type LockHolder,
  lockedError,
  type OpenMode,
  readLockHolder,
  STORAGE_ERROR_MEANINGS,
  StorageError,
  type StorageErrorCode,
  writeLockHolder,
} from '@millrace/log-core'
import { DirectoryNode, type DiskNode, type Place } from './directory-node.ts'
import { FileNode } from './file-node.ts'
import type { OperationGate } from './operation-gate.ts'
import type { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedFileHandle } from './simulated-file-handle.ts'

/** The disk as one simulated process sees it. When that process is dead, every operation throws CrashError. */
export class SimulatedFileSystem implements FileSystem {
  readonly disk: SimulatedDisk
  readonly clock: Clock
  readonly gate: OperationGate

  constructor(disk: SimulatedDisk, { clock, gate }: { clock: Clock; gate: OperationGate }) {
    this.disk = disk
    this.clock = clock
    this.gate = gate
  }

  open(path: string, mode: OpenMode): FileHandle {
    return this.gate.perform(mode === 'create' ? 'create' : 'open', path, () => {
      const place = this.#placeOf(path, `open (${mode})`)
      const node = place.directory.names.get(place.name)
      if (node?.kind === 'directory') throw failure('EISDIR', path, `open (${mode})`)
      if (mode !== 'create') {
        if (node === undefined) throw failure('ENOENT', path, `open (${mode})`)
        return new SimulatedFileHandle(this, { path, node, mode })
      }
      if (node !== undefined) throw failure('EEXIST', path, 'open (create)')
      const created = new FileNode()
      this.disk.names.add(place, created)
      return new SimulatedFileHandle(this, { path, node: created, mode })
    })
  }

  exists(path: string): boolean {
    return this.gate.perform('read', path, () => this.disk.find(path) !== undefined)
  }

  list(directory: string): DirectoryEntry[] {
    return this.gate.perform('list', directory, () => {
      const { names } = this.#directoryAt(directory, 'list')
      return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(describeEntry)
    })
  }

  makeDirectory(path: string): void {
    const existing = this.disk.find(path)
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (existing?.kind === 'directory') {
      if (path !== '') this.syncDirectorySync(parent)
      return
    }
    if (existing !== undefined) throw failure('ENOTDIR', path, 'make the directory')
    this.makeDirectory(parent)
    this.#addDirectory(path)
    this.syncDirectorySync(parent)
  }

  addDirectory(path: string): void {
    const existing = this.disk.find(path)
    if (existing?.kind === 'directory') return
    if (existing !== undefined) throw failure('ENOTDIR', path, 'make the directory')
    this.#addDirectory(path)
  }

  #addDirectory(path: string): void {
    this.gate.perform('make-directory', path, () => {
      this.disk.names.add(this.#placeOf(path, 'make the directory'), new DirectoryNode())
    })
  }

  remove(path: string): void {
    this.gate.perform('remove', path, () => {
      const { place, node } = this.#existingAt(path, 'remove')
      if (node.kind === 'directory') throw failure('EISDIR', path, 'remove')
      this.disk.names.remove(place)
    })
  }

  removeDirectory(path: string): void {
    const { place, node } = this.#existingAt(path, 'remove the directory')
    if (node.kind === 'directory') {
      for (const [name, inner] of [...node.names]) {
        if (inner.kind === 'file') this.remove(`${path}/${name}`)
        else this.removeDirectory(`${path}/${name}`)
      }
    }
    this.gate.perform('remove', path, () => this.disk.names.remove(place))
  }

  rename(from: string, to: string): void {
    this.gate.perform('rename', from, () => {
      const source = this.#existingAt(from, `rename to ${to}`)
      const target = this.#placeOf(to, `rename ${from}`)
      const replaced = target.directory.names.get(target.name)
      if (replaced?.kind === 'directory') throw failure('EISDIR', to, `rename ${from}`)
      this.disk.names.rename(source.place, target, source.node)
    })
  }

  readFile(path: string): Buffer {
    return this.gate.perform('read', path, () => {
      const { node } = this.#existingAt(path, 'read')
      if (node.kind === 'directory') throw failure('EISDIR', path, 'read')
      return node.read(0, node.sizeBytes)
    })
  }

  /** There are no links here. */
  isShared(): boolean {
    return false
  }

  statfsKind(path: string): string {
    this.#directoryAt(path, 'ask for the kind of file system')
    return 'simulated'
  }

  freeBytes(path: string): number {
    this.#directoryAt(path, 'ask for the free space')
    return 2 ** 40
  }

  syncDirectory(path: string): Promise<void> {
    let end = 0
    return this.inBackground({
      start: () =>
        this.gate.perform('sync-directory', path, () => {
          end = this.disk.names.beginSync()
          return this.#directoryAt(path, 'sync the directory')
        }),
      finish: (directory) =>
        this.gate.perform('sync-directory-end', path, () => this.disk.names.completeSync(directory, end)),
    })
  }

  syncDirectorySync(path: string): void {
    this.gate.perform('sync-directory', path, () => {
      this.disk.names.completeSync(this.#directoryAt(path, 'sync the directory'), this.disk.names.beginSync())
    })
  }

  lockDirectory(path: string, holder: LockHolder): DirectoryLock {
    const directory = this.#directoryAt(path, 'lock')
    if (this.disk.lockHolders.has(directory)) throw lockedError(path, readLockHolder(this, path))
    this.gate.perform('lock', path, () => this.disk.lockHolders.set(directory, this))
    const release = (): void => {
      // Not by a process that died: its successor may hold the lock by now.
      if (this.disk.lockHolders.get(directory) === this) this.disk.lockHolders.delete(directory)
    }
    try {
      const previousHolder = readLockHolder(this, path)
      writeLockHolder(this, path, holder)
      return { previousHolder, release: once(release) }
    } catch (error) {
      release()
      throw error
    }
  }

  bootId(): string {
    return this.disk.bootId
  }

  /**
   * An operation on the thread pool: begins now and ends after simulated time. A process that dies in between never
   * hears of the end.
   */
  inBackground<S, T>(operation: { start: () => S; finish: (started: S) => T; share?: number }): Promise<T> {
    return new Promise((resolve, reject) => {
      const started = operation.start()
      const { least, most } = this.disk.syncMs
      const durationMs =
        (least + (this.disk.prng.below(1000) / 1000) * (most - least)) * (operation.share ?? 1)
      this.clock.after(durationMs, () => {
        if (this.gate.isDead) return
        try {
          resolve(operation.finish(started))
        } catch (error) {
          if (!this.gate.isDead) reject(error)
        }
      })
    })
  }

  #directoryAt(path: string, doing: string): DirectoryNode {
    const node = this.disk.find(path)
    if (node === undefined) throw failure('ENOENT', path, doing)
    if (node.kind === 'file') throw failure('ENOTDIR', path, doing)
    return node
  }

  #placeOf(path: string, doing: string): Place {
    const place = this.disk.placeOf(path)
    if (place === null) throw failure('ENOENT', path, doing)
    return place
  }

  #existingAt(path: string, doing: string): { place: Place; node: DiskNode } {
    const place = this.#placeOf(path, doing)
    const node = place.directory.names.get(place.name)
    if (node === undefined) throw failure('ENOENT', path, doing)
    return { place, node }
  }
}

function describeEntry([name, node]: [string, DiskNode]): DirectoryEntry {
  return { name, kind: node.kind, sizeBytes: node.kind === 'file' ? node.sizeBytes : 0 }
}

function once(run: () => void): () => void {
  let hasRun = false
  return () => {
    if (!hasRun) run()
    hasRun = true
  }
}

function failure(code: StorageErrorCode, path: string, doing: string): StorageError {
  return new StorageError(
    code,
    path,
    `could not ${doing}: ${code}, ${STORAGE_ERROR_MEANINGS[code]} (${path})`,
  )
}
