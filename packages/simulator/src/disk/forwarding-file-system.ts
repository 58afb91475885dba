import type {
  DirectoryEntry,
  DirectoryLock,
  FileHandle,
  FileSystem,
  LockHolder,
  OpenMode,
} from '@millrace/log-core'

/** Passes everything on. Somebody in between overrides the one operation that is to be different. */
export class ForwardingFileSystem implements FileSystem {
  protected readonly inner: FileSystem

  constructor(inner: FileSystem) {
    this.inner = inner
  }

  open(path: string, mode: OpenMode): FileHandle {
    return this.inner.open(path, mode)
  }

  exists(path: string): boolean {
    return this.inner.exists(path)
  }

  list(directory: string): DirectoryEntry[] {
    return this.inner.list(directory)
  }

  makeDirectory(path: string): void {
    this.inner.makeDirectory(path)
  }

  addDirectory(path: string): void {
    this.inner.addDirectory(path)
  }

  remove(path: string): void {
    this.inner.remove(path)
  }

  removeDirectory(path: string): void {
    this.inner.removeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.inner.rename(from, to)
  }

  readFile(path: string): Buffer {
    return this.inner.readFile(path)
  }

  isShared(path: string): boolean {
    return this.inner.isShared(path)
  }

  statfsKind(path: string): string {
    return this.inner.statfsKind(path)
  }

  freeBytes(path: string): number {
    return this.inner.freeBytes(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.inner.syncDirectory(path)
  }

  syncDirectorySync(path: string): void {
    this.inner.syncDirectorySync(path)
  }

  lockDirectory(path: string, holder: LockHolder): DirectoryLock {
    return this.inner.lockDirectory(path, holder)
  }

  bootId(): string {
    return this.inner.bootId()
  }
}

/** The same for one open file. */
export class ForwardingFileHandle implements FileHandle {
  protected readonly inner: FileHandle

  constructor(inner: FileHandle) {
    this.inner = inner
  }

  get path(): string {
    return this.inner.path
  }

  get sizeBytes(): number {
    return this.inner.sizeBytes
  }

  appendSync(buffers: readonly Buffer[]): void {
    this.inner.appendSync(buffers)
  }

  writeAtSync(position: number, bytes: Buffer): void {
    this.inner.writeAtSync(position, bytes)
  }

  readSync(position: number, target: Buffer, offset?: number, length?: number): number {
    return this.inner.readSync(position, target, offset, length)
  }

  read(position: number, length: number): Promise<Buffer> {
    return this.inner.read(position, length)
  }

  readInto(position: number, target: Buffer, length: number): Promise<number> {
    return this.inner.readInto(position, target, length)
  }

  truncateSync(sizeBytes: number): void {
    this.inner.truncateSync(sizeBytes)
  }

  sync(): Promise<void> {
    return this.inner.sync()
  }

  syncSync(): void {
    this.inner.syncSync()
  }

  fullSync(): Promise<void> {
    return this.inner.fullSync()
  }

  close(): void {
    this.inner.close()
  }
}
