import type { Clock } from '../time/clock.ts'

/** Below this, resting costs more than it gives. */
const SHORTEST_REST_MS = 1
const LONGEST_REST_MS = 1_000

/**
 * Keeps background work on the event loop within a share of one core: after each piece of work it rests for as long as
 * the share says. A piece should take a few milliseconds, because nobody else runs meanwhile.
 */
export class WorkPacer {
  readonly #clock: Clock
  readonly #restPerWork: number
  readonly #isStopped: () => boolean
  #workedMs = 0
  #startedMs: number

  /** `share` of one core, above 0 and at most 1. Once `isStopped` says so, the next call throws WorkStopped. */
  constructor(clock: Clock, share: number, isStopped: () => boolean) {
    this.#clock = clock
    this.#restPerWork = (1 - share) / share
    this.#isStopped = isStopped
    this.#startedMs = clock.monotonicMs()
  }

  /** Call it between two pieces of work. */
  async rest(): Promise<void> {
    this.#workedMs += this.#clock.monotonicMs() - this.#startedMs
    const restMs = Math.min(this.#workedMs * this.#restPerWork, LONGEST_REST_MS)
    if (restMs >= SHORTEST_REST_MS) {
      this.#workedMs = 0
      await new Promise<void>((resolve) => this.#clock.after(restMs, resolve))
    }
    this.resume()
  }

  /** What passed since the last piece was waiting for somebody else, not work. */
  resume(): void {
    if (this.#isStopped()) throw new WorkStopped()
    this.#startedMs = this.#clock.monotonicMs()
  }
}

/** The work is no longer wanted: its log was closed, or went offline. */
export class WorkStopped extends Error {
  constructor() {
    super('background work was stopped')
    this.name = 'WorkStopped'
  }
}
