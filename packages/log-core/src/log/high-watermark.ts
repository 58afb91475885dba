import { strict as assert } from 'node:assert'
import type { PlantedBugs } from './planted-bugs.ts'

/**
 * How far consumers see: everything written, but never past a batch that must be synced first (acks=all,
 * transactional, control) and is not yet. So a record becomes visible, in offset order, when it is as durable as its
 * producer asked for.
 *
 * Two barriers are enough: at any time at most one sync is in flight, and what was written since it began waits for
 * the next one.
 */
export class HighWatermark {
  #value: number
  #writtenEnd: number
  /** The first offset that the sync in flight has to cover before it may be seen. */
  #barrierInFlight = Number.POSITIVE_INFINITY
  /** The same of what was written since that sync began. */
  #barrierWaiting = Number.POSITIVE_INFINITY

  readonly #hasBarriers: boolean

  /** `showsUnsynced` takes the barriers away: a planted bug. */
  constructor(initial: number, { showsUnsynced = false }: Pick<PlantedBugs, 'showsUnsynced'> = {}) {
    this.#value = initial
    this.#writtenEnd = initial
    this.#hasBarriers = !showsUnsynced
  }

  get value(): number {
    return this.#value
  }

  /** Everything before this offset is in the page cache. */
  get writtenEnd(): number {
    return this.#writtenEnd
  }

  /** `firstToSync` is the base offset of the group's first batch that must be synced, Infinity without one. */
  written(endOffset: number, firstToSync: number): void {
    assert(endOffset >= this.#writtenEnd, `written up to ${endOffset}, was at ${this.#writtenEnd}`)
    this.#writtenEnd = endOffset
    if (this.#hasBarriers) this.#barrierWaiting = Math.min(this.#barrierWaiting, firstToSync)
  }

  syncStarted(): void {
    assert(this.#barrierInFlight === Number.POSITIVE_INFINITY, 'one sync at a time')
    this.#barrierInFlight = this.#barrierWaiting
    this.#barrierWaiting = Number.POSITIVE_INFINITY
  }

  synced(): void {
    this.#barrierInFlight = Number.POSITIVE_INFINITY
  }

  /** Moves the mark as far as the barriers allow and says whether it moved. It never moves back. */
  advance(): boolean {
    const end = Math.min(this.#writtenEnd, this.#barrierInFlight, this.#barrierWaiting)
    if (end <= this.#value) return false
    this.#value = end
    return true
  }
}
