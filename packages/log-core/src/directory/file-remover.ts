import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { StorageLogger } from '../log/storage-logger.ts'
import type { Clock, Timer } from '../time/clock.ts'

/**
 * Freeing a gigabyte at once holds the event loop up for 50 to 200 ms, and every sync of the file system waits for it as
 * well. So much of it takes about one, and then everybody else has their turn.
 */
const STEP_BYTES = 4 * 1024 * 1024
const PAUSE_MS = 5
const FILES_PER_TURN = 8
const LARGEST_DELAY_MS = 0x7fff_ffff

interface Queued {
  readonly path: string
  readonly kind: 'file' | 'directory'
}

/** `isGone`: there is no more of it to be cut off first. */
interface Removed {
  readonly bytes: number
  readonly isGone: boolean
}

const GONE: Removed = { bytes: 0, isGone: true }

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
  #queue: Queued[] = []
  /** A turn or a pause is under way. */
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
      this.#trying(path, () => this.#enqueueDirectory(path))
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
    this.#after(delayMs, () => {
      enqueue()
      this.#run()
    })
  }

  #after(delayMs: number, run: () => void): void {
    const timer = this.#clock.after(Math.min(delayMs, LARGEST_DELAY_MS), () => {
      this.#timers.delete(timer)
      run()
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
      if (this.#isClosed) return
      if (this.#removeSome() < STEP_BYTES) this.#runOn()
      else this.#after(PAUSE_MS, () => this.#runOn())
    })
  }

  #runOn(): void {
    this.#isRunning = false
    this.#run()
  }

  /** A few files, or a step of a large one. Says how many bytes that freed. */
  #removeSome(): number {
    let freedBytes = 0
    for (let count = 0; count < FILES_PER_TURN && freedBytes < STEP_BYTES; count++) {
      const next = this.#queue[0]
      if (next === undefined) break
      const removed = this.#trying(next.path, () => this.#remove(next)) ?? GONE
      freedBytes += removed.bytes
      if (removed.isGone) this.#queue.shift()
    }
    return freedBytes
  }

  #remove({ path, kind }: Queued): Removed {
    if (!this.#fs.exists(path)) return GONE
    if (kind === 'directory') {
      this.#fs.removeDirectory(path)
      return GONE
    }
    // A file with another name (an imported one) belongs to somebody else as well, and taking a name away is cheap.
    const removed = this.#fs.isShared(path) ? GONE : this.#cutEnd(path)
    if (removed.isGone) this.#fs.remove(path)
    return removed
  }

  /** Of a file that is too large to go at once; says of any other what its removal will free. */
  #cutEnd(path: string): Removed {
    const file = this.#fs.open(path, 'open')
    try {
      if (file.sizeBytes <= STEP_BYTES) return { bytes: file.sizeBytes, isGone: true }
      file.truncateSync(file.sizeBytes - STEP_BYTES)
      return { bytes: STEP_BYTES, isGone: false }
    } finally {
      file.close()
    }
  }

  /** What cannot be removed is told and no more. */
  #trying<T>(path: string, work: () => T): T | null {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#logger.warn({ path, code: error.code }, `left for the next start: ${error.message}`)
      return null
    }
  }
}
