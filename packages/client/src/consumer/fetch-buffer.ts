import type { Chunk } from './chunk-decoder.ts'
import type { FetchPartition } from './fetch-partition.ts'

/**
 * What the fetcher has for its owner: batches, or why a partition gives none any more: an error, or a log
 * that was cut below what was read. Both hold the partition until the owner seeks.
 */
export type Fetched =
  | { readonly kind: 'chunk'; readonly from: FetchPartition; readonly chunk: Chunk }
  | { readonly kind: 'error'; readonly from: FetchPartition; readonly error: Error }
  | { readonly kind: 'cut'; readonly from: FetchPartition; readonly offset: number }

/** Whether the owner can do something with what was fetched of this partition now. */
export type IsWanted = (from: FetchPartition) => boolean

interface Queued {
  readonly fetched: Fetched
  readonly positionVersion: number
  readonly sizeBytes: number
}

/** What was fetched and not yet taken, oldest first. */
export class FetchBuffer {
  readonly #queue: Queued[] = []
  #sizeBytes = 0
  #onReady: (() => void)[] = []

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  put(fetched: Fetched, sizeBytes: number): void {
    this.#queue.push({ fetched, positionVersion: fetched.from.positionVersion, sizeBytes })
    fetched.from.bufferedBytes += sizeBytes
    this.#sizeBytes += sizeBytes
    this.wake()
  }

  /** The oldest of a partition that is wanted, or null. Paused partitions keep what they have. */
  take(isWanted: IsWanted = always): Fetched | null {
    const at = this.#queue.findIndex(({ fetched: { from } }) => !from.isPaused && isWanted(from))
    const [queued] = at < 0 ? [] : this.#queue.splice(at, 1)
    if (queued === undefined) return null
    queued.fetched.from.bufferedBytes -= queued.sizeBytes
    this.#sizeBytes -= queued.sizeBytes
    return queued.fetched
  }

  /** Forgets what lies at positions that were left since. Those partitions count their bytes from zero. */
  dropOutdated(): void {
    for (let at = this.#queue.length - 1; at >= 0; at--) {
      const queued = this.#queue[at]
      if (queued === undefined || queued.positionVersion === queued.fetched.from.positionVersion) continue
      this.#queue.splice(at, 1)
      this.#sizeBytes -= queued.sizeBytes
    }
  }

  /** Resolves when there may be something to take, at once if there is, or after `wake()`. */
  whenReady(isWanted: IsWanted = always): Promise<void> {
    const isReady = this.#queue.some(({ fetched: { from } }) => !from.isPaused && isWanted(from))
    if (isReady) return Promise.resolve()
    return new Promise((resolve) => this.#onReady.push(resolve))
  }

  /** Wakes whoever waits, to look at something else than data too. */
  wake(): void {
    const waiting = this.#onReady
    this.#onReady = []
    for (const resolve of waiting) resolve()
  }

  clear(): void {
    this.#queue.length = 0
    this.#sizeBytes = 0
    this.wake()
  }
}

function always(): boolean {
  return true
}
