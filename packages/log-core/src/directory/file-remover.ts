import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { StorageLogger } from '../log/storage-logger.ts'
import type { Clock, Timer } from '../time/clock.ts'

/** Removing a file of a gigabyte at once holds the event loop up for 50 to 150 ms; so much of it takes a few. */
const STEP_BYTES = 64 * 1024 * 1024
const FILES_PER_TURN = 8
const LARGEST_DELAY_MS = 0x7fff_ffff

/**
 * Removes files that nobody needs any more, after a while and a little at a time. Nothing waits for it: what it has not
 * done by the end of the process, and what it fails to do, is left for the next start, which finds it by its name.
 */
export class FileRemover {
  readonly #fs: FileSystem
  readonly #clock: Clock
  readonly #logger: StorageLogger
  readonly #timers = new Set<Timer>()
  /** Directories come behind what is in them. */
  #queue: { readonly path: string; readonly kind: 'file' | 'directory' }[] = []
  #isRunning = false
  #isClosed = false

  constructor(fs: FileSystem, clock: Clock, logger: StorageLogger) {
    this.#fs = fs
    this.#clock = clock
    this.#logger = logger
  }

  removeFiles(paths: readonly string[], delayMs: number): void {
    this.#later(delayMs, () => {
      for (const path of paths) this.#queue.push({ path, kind: 'file' })
    })
  }

  removeDirectory(path: string, delayMs: number): void {
    this.#later(delayMs, () => {
      this.#trying(path, () => {
        this.#enqueueDirectory(path)
        return true
      })
    })
  }

  /** Leaves the rest as it is. Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    this.#queue = []
  }

  #later(delayMs: number, enqueue: () => void): void {
    if (this.#isClosed) return
    const timer = this.#clock.after(Math.min(delayMs, LARGEST_DELAY_MS), () => {
      this.#timers.delete(timer)
      enqueue()
      this.#run()
    })
    this.#timers.add(timer)
  }

  #enqueueDirectory(path: string): void {
    for (const { name, kind } of this.#fs.list(path)) {
      if (kind === 'directory') this.#enqueueDirectory(`${path}/${name}`)
      else if (kind === 'file') this.#queue.push({ path: `${path}/${name}`, kind })
    }
    this.#queue.push({ path, kind: 'directory' })
  }

  #run(): void {
    if (this.#isRunning || this.#isClosed || this.#queue.length === 0) return
    this.#isRunning = true
    this.#clock.endOfTurn(() => {
      this.#isRunning = false
      if (this.#isClosed) return
      for (let count = 0; count < FILES_PER_TURN; count++) {
        const next = this.#queue[0]
        if (next === undefined) return
        const isGone = this.#trying(next.path, () => this.#removeSome(next))
        if (!isGone) break
        this.#queue.shift()
      }
      this.#run()
    })
  }

  /** False when there is more of the file to be cut off first. */
  #removeSome({ path, kind }: { path: string; kind: 'file' | 'directory' }): boolean {
    if (!this.#fs.exists(path)) return true
    if (kind === 'directory') {
      this.#fs.removeDirectory(path)
      return true
    }
    // A file with another name (an imported one) belongs to somebody else as well, and taking a name away is cheap.
    const isCut = !this.#fs.isShared(path) && this.#cutEnd(path)
    if (isCut) return false
    this.#fs.remove(path)
    return true
  }

  #cutEnd(path: string): boolean {
    const file = this.#fs.open(path, 'open')
    try {
      if (file.sizeBytes <= STEP_BYTES) return false
      file.truncateSync(file.sizeBytes - STEP_BYTES)
      return true
    } finally {
      file.close()
    }
  }

  /** What cannot be removed is told and no more: true, as if it were gone. */
  #trying(path: string, work: () => boolean): boolean {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#logger.warn({ path, code: error.code }, `left for the next start: ${error.message}`)
      return true
    }
  }
}
