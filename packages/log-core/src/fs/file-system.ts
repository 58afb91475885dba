/**
 * How a file is opened. `create` makes a new one and fails with EEXIST when the name is taken, `open` needs an
 * existing one; both read and write. `read` needs an existing one and refuses to write.
 */
export type OpenMode = 'create' | 'open' | 'read'

/** One name in a directory. `other` is neither file nor directory (a socket, a dangling link): leave it alone. */
export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
  /** 0 for what is not a file. It may be looked up only now: that costs a call for each file. */
  readonly sizeBytes: number
}

/** Who holds a data directory: written beside the lock, for people and for recovery. */
export interface LockHolder {
  readonly pid: number
  /** Of the machine at that time: another one now means that the machine restarted and its page cache is gone. */
  readonly bootId: string
  readonly startedAtMs: number
}

/** A lock that the kernel holds for this process: it goes with the process, however that ends. */
export interface DirectoryLock {
  /**
   * Who held the directory before, or null when nobody is known to have: for people and logs. It may be lost with the
   * power, and a crash in the middle of recovery makes that recovery the previous holder.
   */
  readonly previousHolder: LockHolder | null
  /** Idempotent. */
  release(): void
}

/**
 * The only door to the disk: everything above it also runs on memory and on the simulator's unkind disk.
 * Every failure is a `StorageError`. Paths are joined with '/'. What is not synced may be gone, holed or
 * undone after a power loss, names as well as bytes.
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): FileHandle
  exists(path: string): boolean
  /** Sorted by name. */
  list(directory: string): DirectoryEntry[]
  /** Makes a second name for a file: a hard link. Both names must lie on one file system, and the new one be free. */
  link?(existing: string, path: string): void
  /** Whether the file has another name, under which it must not change. */
  isShared(path: string): boolean
  /** Only the names, in no particular order: where there is such a call, it saves a look at each entry. */
  listNames?(directory: string): string[]
  /**
   * Makes missing parents too, and syncs the parent of each directory that it made. Fine when it exists: its parent is
   * synced then as well, because whoever made it may have died before doing so.
   */
  makeDirectory(path: string): void
  /**
   * Makes a directory in a parent that exists. It may be gone after a power loss until the parent is synced; fine when it
   * exists.
   */
  addDirectory(path: string): void
  /** Removes a file. The removal may come undone until the directory is synced. */
  remove(path: string): void
  /** With all that is in it. The removal may come undone until the parent is synced. */
  removeDirectory(path: string): void
  /** Replaces an existing file in one step. May come undone until the directory (both, when it moves) is synced. */
  rename(from: string, to: string): void
  readFile(path: string): Buffer
  /** The kind of file system that holds `path`: 'ext4', 'tmpfs', 'nfs', 'overlay-volatile', ..., or 'unknown'. */
  statfsKind(path: string): string
  /** What an unprivileged process may still write there. */
  freeBytes(path: string): number
  /** The size of the file system that holds it, where that is known. */
  totalBytes?(path: string): number
  syncDirectory(path: string): Promise<void>
  syncDirectorySync(path: string): void
  /** Takes the directory for this process, or throws StorageError LOCKED, which names the holder. */
  lockDirectory(path: string, holder: LockHolder): DirectoryLock
  /** Changes when the machine restarts. */
  bootId(): string
  close?(): void
}

/** One open file, appended to by one owner: the handle keeps the size and does not notice what others append. */
export interface FileHandle {
  readonly path: string
  /** The end of the file as far as this handle knows: after a failed append, all that is known to be written. */
  readonly sizeBytes: number
  /**
   * Writes all buffers at the end of the file, and returns when they are in the page cache. When it throws, a part
   * may have been written: `sizeBytes` says how much, and cutting it back is the caller's decision.
   */
  appendSync(buffers: readonly Buffer[]): void
  writeAtSync(position: number, bytes: Buffer): void
  /** Returns how many bytes were read: fewer than `length` only at the end of the file. */
  readSync(position: number, target: Buffer, offset?: number, length?: number): number
  /** The bytes, in a buffer of their own: fewer than `length` only at the end of the file. Off the event loop. */
  read(position: number, length: number): Promise<Buffer>
  /**
   * As `read`, into the beginning of memory that the caller gives and may give again; resolves to the bytes read. A new
   * MiB for each read costs more in garbage than the read itself.
   */
  readInto(position: number, target: Buffer, length: number): Promise<number>
  truncateSync(sizeBytes: number): void
  /**
   * fdatasync off the event loop. Covers the bytes written before the call and a size that grew, not a truncate.
   * After a failure the file's unsynced bytes are unknown: never sync it again to make up for it.
   */
  sync(): Promise<void>
  syncSync(): void
  /** fsync: covers a truncate as well. */
  fullSync(): Promise<void>
  /** Idempotent. Syncs and reads in flight finish first; a new one is a bug of the caller. */
  close(): void
}
