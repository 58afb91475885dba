import { refuseUnknownOptions, requiredInteger } from './option-check.ts'
import type { Clock, Timer } from './time/clock.ts'

/** How long closing may take. */
export interface CloseOptions {
  /** What is not done by then is given up, in ms. 0: at once. */
  readonly timeoutMs?: number
}

const LONGEST_MS = 86_400_000

/** Checks the options of a `close()`. Throws INVALID_OPTION, naming the option. */
export function closeTimeoutMs<T>(options: CloseOptions, fallback: T): number | T {
  refuseUnknownOptions('close', options, ['timeoutMs'])
  if (options.timeoutMs === undefined) return fallback
  return requiredInteger('timeoutMs', options.timeoutMs, { min: 0, max: LONGEST_MS })
}

/** The moment at which closing stops waiting. Of several calls of `close()` the earliest moment holds. */
export class CloseDeadline {
  readonly #clock: Clock
  readonly #passed = Promise.withResolvers<void>()
  #timers: Timer[] = []
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves at the deadline; never, when there is none or `cancel` came first. */
  get passed(): Promise<void> {
    return this.#passed.promise
  }

  /** Passes in so many ms, unless it does earlier. Null: no limit from here. */
  atMost(timeoutMs: number | null): void {
    if (this.#isOver || timeoutMs === null) return
    this.#timers.push(this.#clock.after(timeoutMs, () => this.#passed.resolve()))
  }

  /** Everything is done: there is nothing to wait for, and no timer may keep the process alive. */
  cancel(): void {
    this.#isOver = true
    for (const timer of this.#timers.splice(0)) timer.cancel()
  }
}
