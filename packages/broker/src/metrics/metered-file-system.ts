import type { Clock, FileHandle, FileSystem, OpenMode } from '@millrace/log-core'
import type { Histogram } from './histogram.ts'
import type { Counter, MetricRegistry } from './metric-registry.ts'

/** As Kafka tells a size that is not known. */
const UNKNOWN_BYTES = -1

/** What the disk does, as Kafka's `LogFlushStats` and a little more. */
interface DiskMetrics {
  readonly syncMs: Histogram
  readonly bytesWritten: Counter
  readonly writes: Counter
  readonly bytesRead: Counter
}

/** The same file system, with its syncs timed and its bytes counted. */
export function meteredFileSystem(fs: FileSystem, registry: MetricRegistry, clock: Clock): FileSystem {
  const metrics: DiskMetrics = {
    syncMs: registry.histogram(
      { group: 'kafka.log', type: 'LogFlushStats', name: 'LogFlushRateAndTimeMs' },
      0.001,
    ),
    bytesWritten: registry.counter({ group: 'kafka.log', type: 'LogFlushStats', name: 'BytesWritten' }),
    writes: registry.counter({ group: 'kafka.log', type: 'LogFlushStats', name: 'Writes' }),
    bytesRead: registry.counter({ group: 'kafka.log', type: 'LogFlushStats', name: 'BytesRead' }),
  }
  return new MeteredFileSystem(fs, metrics, clock)
}

class MeteredFileSystem implements FileSystem {
  readonly #fs: FileSystem
  readonly #metrics: DiskMetrics
  readonly #clock: Clock

  constructor(fs: FileSystem, metrics: DiskMetrics, clock: Clock) {
    this.#fs = fs
    this.#metrics = metrics
    this.#clock = clock
  }

  open(path: string, mode: OpenMode): FileHandle {
    return new MeteredFileHandle(this.#fs.open(path, mode), this.#metrics, this.#clock)
  }

  exists(path: string): boolean {
    return this.#fs.exists(path)
  }

  list(directory: string): ReturnType<FileSystem['list']> {
    return this.#fs.list(directory)
  }

  listNames(directory: string): string[] {
    return this.#fs.listNames?.(directory) ?? this.#fs.list(directory).map(({ name }) => name)
  }

  totalBytes(path: string): number {
    return this.#fs.totalBytes?.(path) ?? UNKNOWN_BYTES
  }

  isShared(path: string): boolean {
    return this.#fs.isShared(path)
  }

  makeDirectory(path: string): void {
    this.#fs.makeDirectory(path)
  }

  addDirectory(path: string): void {
    this.#fs.addDirectory(path)
  }

  remove(path: string): void {
    this.#fs.remove(path)
  }

  removeDirectory(path: string): void {
    this.#fs.removeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.#fs.rename(from, to)
  }

  readFile(path: string): Buffer {
    return this.#fs.readFile(path)
  }

  statfsKind(path: string): string {
    return this.#fs.statfsKind(path)
  }

  freeBytes(path: string): number {
    return this.#fs.freeBytes(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.#fs.syncDirectory(path)
  }

  syncDirectorySync(path: string): void {
    this.#fs.syncDirectorySync(path)
  }

  lockDirectory(...args: Parameters<FileSystem['lockDirectory']>): ReturnType<FileSystem['lockDirectory']> {
    return this.#fs.lockDirectory(...args)
  }

  bootId(): string {
    return this.#fs.bootId()
  }

  close(): void {
    this.#fs.close?.()
  }
}

class MeteredFileHandle implements FileHandle {
  readonly #handle: FileHandle
  readonly #metrics: DiskMetrics
  readonly #clock: Clock

  constructor(handle: FileHandle, metrics: DiskMetrics, clock: Clock) {
    this.#handle = handle
    this.#metrics = metrics
    this.#clock = clock
  }

  get path(): string {
    return this.#handle.path
  }

  get sizeBytes(): number {
    return this.#handle.sizeBytes
  }

  appendSync(buffers: readonly Buffer[]): void {
    const before = this.#handle.sizeBytes
    this.#handle.appendSync(buffers)
    this.#metrics.writes.add(1)
    this.#metrics.bytesWritten.add(this.#handle.sizeBytes - before)
  }

  writeAtSync(position: number, bytes: Buffer): void {
    this.#handle.writeAtSync(position, bytes)
  }

  readSync(position: number, target: Buffer, offset?: number, length?: number): number {
    const readBytes = this.#handle.readSync(position, target, offset, length)
    this.#metrics.bytesRead.add(readBytes)
    return readBytes
  }

  async read(position: number, length: number): Promise<Buffer> {
    const bytes = await this.#handle.read(position, length)
    this.#metrics.bytesRead.add(bytes.length)
    return bytes
  }

  async readInto(position: number, target: Buffer, length: number): Promise<number> {
    const readBytes = await this.#handle.readInto(position, target, length)
    this.#metrics.bytesRead.add(readBytes)
    return readBytes
  }

  truncateSync(sizeBytes: number): void {
    this.#handle.truncateSync(sizeBytes)
  }

  async sync(): Promise<void> {
    const startedMs = this.#clock.monotonicMs()
    await this.#handle.sync()
    this.#metrics.syncMs.record(this.#clock.monotonicMs() - startedMs)
  }

  syncSync(): void {
    this.#handle.syncSync()
  }

  fullSync(): Promise<void> {
    return this.#handle.fullSync()
  }

  close(): void {
    this.#handle.close()
  }
}
