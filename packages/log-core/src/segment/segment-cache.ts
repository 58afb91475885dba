import type { FileHandle, FileSystem } from '../fs/file-system.ts'
import type { OffsetIndex } from './offset-index.ts'
import { ReadAhead } from './read-ahead.ts'
import type { TimeIndex } from './time-index.ts'

/** Evicts what was used longest ago, by weight. `Map` keeps insertion order, so the first key is the oldest. */
class LeastRecentlyUsed<Value> {
  readonly #capacity: number
  readonly #onEvict: (value: Value) => void
  readonly #entries = new Map<string, { value: Value; weight: number }>()
  #weight = 0

  constructor(capacity: number, onEvict: (value: Value) => void) {
    this.#capacity = capacity
    this.#onEvict = onEvict
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: Value, weight: number): void {
    this.delete(key)
    this.#entries.set(key, { value, weight })
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#capacity || oldest === key) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
    this.#onEvict(entry.value)
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key)
  }
}

/**
 * What all logs of a directory share for reading sealed segments: a bounded number of open files and a bounded
 * amount of index. Ten thousand partitions with ten segments each must not mean a hundred thousand descriptors.
 */
export class SegmentCache {
  readonly readAhead = new ReadAhead()
  readonly #fs: FileSystem
  readonly #files: LeastRecentlyUsed<FileHandle>
  readonly #offsetIndexes: LeastRecentlyUsed<OffsetIndex>
  readonly #timeIndexes: LeastRecentlyUsed<TimeIndex>

  constructor(fs: FileSystem, limits: { maxOpenFiles: number; maxIndexBytes: number }) {
    this.#fs = fs
    // A handle that is closed with reads in flight closes after them, so nobody has to be asked.
    this.#files = new LeastRecentlyUsed(limits.maxOpenFiles, (file) => file.close())
    this.#offsetIndexes = new LeastRecentlyUsed(limits.maxIndexBytes, () => {})
    this.#timeIndexes = new LeastRecentlyUsed(limits.maxIndexBytes, () => {})
  }

  /** Use it before the next `await`: a later call may close it. */
  file(path: string): FileHandle {
    const open = this.#files.get(path)
    if (open !== undefined) return open
    const file = this.#fs.open(path, 'read')
    this.#files.set(path, file, 1)
    return file
  }

  /** The file, if it is open. */
  openFile(path: string): FileHandle | undefined {
    return this.#files.get(path)
  }

  offsetIndex(path: string): OffsetIndex | undefined {
    return this.#offsetIndexes.get(path)
  }

  keepOffsetIndex(path: string, index: OffsetIndex): void {
    this.#offsetIndexes.set(path, index, index.capacityBytes)
  }

  timeIndex(path: string): TimeIndex | undefined {
    return this.#timeIndexes.get(path)
  }

  keepTimeIndex(path: string, index: TimeIndex): void {
    this.#timeIndexes.set(path, index, index.capacityBytes)
  }

  /** Before the segment's files are renamed, replaced or removed. */
  forgetSegment(segment: { path(kind: 'log' | 'index' | 'timeindex'): string }): void {
    this.#files.delete(segment.path('log'))
    this.#offsetIndexes.delete(segment.path('index'))
    this.#timeIndexes.delete(segment.path('timeindex'))
  }

  close(): void {
    this.#files.clear()
    this.#offsetIndexes.clear()
    this.#timeIndexes.clear()
  }
}
