import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import type { SegmentFileKind } from '../segment/segment-file-names.ts'
import type { Clock, Timer } from '../time/clock.ts'

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
  readonly #directory: string
  /** What to do when the time has come, by its timer. */
  readonly #waiting = new Map<Timer, () => void>()

  constructor(fs: FileSystem, clock: Clock, directory: string) {
    this.#fs = fs
    this.#clock = clock
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
      for (const path of renamed) if (this.#fs.exists(path)) this.#fs.remove(path)
    }
    const timer = this.#clock.after(delayMs, () => {
      this.#waiting.delete(timer)
      removeNow()
    })
    this.#waiting.set(timer, removeNow)
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
