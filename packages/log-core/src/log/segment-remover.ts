import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import type { SegmentFileKind } from '../segment/segment-file-names.ts'
import type { Clock, Timer } from '../time/clock.ts'
import type { StorageLogger } from './storage-logger.ts'

const KINDS: readonly SegmentFileKind[] = ['log', 'index', 'timeindex', 'txnindex', 'seal', 'snapshot']

/** All files of the segments, at once. */
export function removeSegmentFiles(fs: FileSystem, segments: readonly LogSegment[]): void {
  for (const path of pathsOf(segments)) if (fs.exists(path)) fs.remove(path)
}

function pathsOf(segments: readonly LogSegment[]): string[] {
  return segments.flatMap((segment) => KINDS.map((kind) => segment.path(kind)))
}

/**
 * Removes segments that left their log: renamed to `.deleted` at once, removed after `file.delete.delay.ms`, so that
 * who looks at the directory meanwhile (a backup, a reader of another kind) is not surprised.
 */
export class SegmentRemover {
  readonly #fs: FileSystem
  readonly #clock: Clock
  readonly #logger: StorageLogger
  readonly #directory: string
  /** What to do when the time has come, by its timer. */
  readonly #waiting = new Map<Timer, () => void>()

  constructor(seams: { fs: FileSystem; clock: Clock; logger: StorageLogger }, directory: string) {
    this.#fs = seams.fs
    this.#clock = seams.clock
    this.#logger = seams.logger
    this.#directory = directory
  }

  /** The names are durably gone when it resolves. */
  async remove(segments: readonly LogSegment[], delayMs: number): Promise<void> {
    const renamed: string[] = []
    for (const path of pathsOf(segments)) {
      if (!this.#fs.exists(path)) continue
      this.#fs.rename(path, `${path}.deleted`)
      renamed.push(`${path}.deleted`)
    }
    await this.#fs.syncDirectory(this.#directory)
    const removeNow = () => {
      for (const path of renamed) this.#removeOrLeave(path)
    }
    const timer = this.#clock.after(delayMs, () => {
      this.#waiting.delete(timer)
      removeNow()
    })
    this.#waiting.set(timer, removeNow)
  }

  /** Nothing waits for this, and the next start removes what is left: so a failure is told and no more. */
  #removeOrLeave(path: string): void {
    try {
      if (this.#fs.exists(path)) this.#fs.remove(path)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#logger.warn({ path, code: error.code }, `left for the next start: ${error.message}`)
    }
  }

  /** Does at once what was to be done later. */
  close(): void {
    for (const [timer, removeNow] of this.#waiting) {
      timer.cancel()
      removeNow()
    }
    this.#waiting.clear()
  }
}
