import type { FileHandle, FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'

/**
 * How many files of active segments are open, over all logs of a directory. Ten thousand partitions that nobody writes
 * to must not hold ten thousand descriptors: the one that was used longest ago is closed, and opened again when needed.
 */
export class OpenFilePool {
  readonly #mostOpen: number
  /** In the order of their last use. */
  readonly #open = new Set<ReopeningFile>()

  constructor(mostOpen: number) {
    this.#mostOpen = mostOpen
  }

  get openCount(): number {
    return this.#open.size
  }

  used(file: ReopeningFile): void {
    this.#open.delete(file)
    this.#open.add(file)
    if (this.#open.size <= this.#mostOpen) return
    for (const oldest of this.#open) {
      // What is not synced yet must be synced through the same descriptor, or an error would go unseen.
      if (oldest !== file && oldest.closeIfSynced() && this.#open.size <= this.#mostOpen) return
    }
  }

  closed(file: ReopeningFile): void {
    this.#open.delete(file)
  }
}

/** A file handle that is closed while nobody needs it. Only while everything in it is synced, and nothing under way. */
export class ReopeningFile implements FileHandle {
  readonly path: string
  readonly #fs: FileSystem
  readonly #pool: OpenFilePool
  #handle: FileHandle | null
  /** While the file is closed. */
  #sizeBytes: number
  #changes: number
  #syncedChanges: number
  #inFlight = 0
  #isClosed = false

  /** `handle` is null for a file that is opened when it is first used: `sizeBytes` says what it will be found to have. */
  constructor(
    seams: { fs: FileSystem; pool: OpenFilePool },
    file: { path: string; sizeBytes: number; handle: FileHandle | null; isSynced: boolean },
  ) {
    this.#fs = seams.fs
    this.#pool = seams.pool
    this.path = file.path
    this.#sizeBytes = file.sizeBytes
    this.#handle = file.handle
    this.#changes = file.isSynced ? 0 : 1
    this.#syncedChanges = 0
    if (file.handle !== null) this.#pool.used(this)
  }

  get sizeBytes(): number {
    return this.#handle?.sizeBytes ?? this.#sizeBytes
  }

  appendSync(buffers: readonly Buffer[]): void {
    const handle = this.#opened()
    this.#changes++
    handle.appendSync(buffers)
  }

  writeAtSync(position: number, bytes: Buffer): void {
    const handle = this.#opened()
    this.#changes++
    handle.writeAtSync(position, bytes)
  }

  readSync(position: number, target: Buffer, offset?: number, length?: number): number {
    return this.#opened().readSync(position, target, offset, length)
  }

  read(position: number, length: number): Promise<Buffer> {
    return this.#opened().read(position, length)
  }

  readInto(position: number, target: Buffer, length: number): Promise<number> {
    return this.#opened().readInto(position, target, length)
  }

  truncateSync(sizeBytes: number): void {
    const handle = this.#opened()
    this.#changes++
    handle.truncateSync(sizeBytes)
  }

  sync(): Promise<void> {
    return this.#syncing((handle) => handle.sync())
  }

  syncSync(): void {
    this.#opened().syncSync()
    this.#syncedChanges = this.#changes
  }

  fullSync(): Promise<void> {
    return this.#syncing((handle) => handle.fullSync())
  }

  close(): void {
    this.#isClosed = true
    this.#release()
  }

  /** An earlier process is known to have synced all of it. */
  markSynced(): void {
    this.#syncedChanges = this.#changes
  }

  /** Says whether the descriptor is free now. */
  closeIfSynced(): boolean {
    if (this.#inFlight > 0 || this.#changes !== this.#syncedChanges) return false
    this.#release()
    return true
  }

  /** A truncate counts as synced by `sync` too: whoever truncates follows with a full sync before anything else. */
  async #syncing(sync: (handle: FileHandle) => Promise<void>): Promise<void> {
    const handle = this.#opened()
    const covered = this.#changes
    this.#inFlight++
    try {
      await sync(handle)
      this.#syncedChanges = Math.max(this.#syncedChanges, covered)
    } finally {
      this.#inFlight--
    }
  }

  #opened(): FileHandle {
    if (this.#isClosed) throw new TypeError(`${this.path} was closed`)
    this.#handle ??= this.#open()
    this.#pool.used(this)
    return this.#handle
  }

  #open(): FileHandle {
    const handle = this.#fs.open(this.path, 'open')
    if (handle.sizeBytes === this.#sizeBytes) return handle
    const { sizeBytes } = handle
    handle.close()
    const message = `${this.path} has ${sizeBytes} bytes; expected the ${this.#sizeBytes} that it had when it was closed`
    throw new StorageError('CORRUPT', this.path, message)
  }

  #release(): void {
    if (this.#handle === null) return
    this.#sizeBytes = this.#handle.sizeBytes
    this.#handle.close()
    this.#handle = null
    this.#pool.closed(this)
  }
}
