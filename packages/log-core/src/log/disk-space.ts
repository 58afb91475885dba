import type { FileSystem } from '../fs/file-system.ts'
import type { Clock } from '../time/clock.ts'

/** While the disk is full, the free space is asked for no more often than this. */
const CHECK_EVERY_MS = 100

/** Whether there is space again after the disk was full: a log heals without anybody's help. */
export class DiskSpace {
  readonly #fs: FileSystem
  readonly #clock: Clock
  readonly #directory: string
  #nextCheckMs = 0

  constructor(fs: FileSystem, clock: Clock, directory: string) {
    this.#fs = fs
    this.#clock = clock
    this.#directory = directory
  }

  /** Just now there was none. */
  wasFull(): void {
    this.#nextCheckMs = this.#clock.monotonicMs() + CHECK_EVERY_MS
  }

  isBackFor(sizeBytes: number): boolean {
    if (this.#clock.monotonicMs() < this.#nextCheckMs) return false
    this.wasFull()
    return this.#fs.freeBytes(this.#directory) > sizeBytes
  }
}
