import type { Clock, Timer } from '../src/time/clock.ts'

interface Planned {
  readonly atMs: number
  readonly run: () => void
}

/** A clock that stands still until a test moves it. Turns of the event loop are real ones. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000
  #planned: Planned[] = []

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  endOfTurn(run: () => void): void {
    setImmediate(run)
  }

  after(delayMs: number, run: () => void): Timer {
    const planned = { atMs: this.#nowMs + delayMs, run }
    this.#planned.push(planned)
    const cancel = (): void => {
      this.#planned = this.#planned.filter((other) => other !== planned)
    }
    return { cancel }
  }

  random(): number {
    return 0.5
  }

  get plannedCount(): number {
    return this.#planned.length
  }

  /** Runs the timers that fall due, in their order, letting the loop turn after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (;;) {
      await turns()
      const [next] = this.#planned.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
      if (next === undefined) break
      this.#planned = this.#planned.filter((other) => other !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = untilMs
    await turns()
  }
}

/** Lets everything that is ready run: a few turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

const STEP_MS = 100

/**
 * Lets time pass until the promise is settled, for so long at most: a promise that is never settled should fail its
 * test with these words, and not run into the test's own time-out.
 */
export async function within<T>(clock: FakeClock, ms: number, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  await turns()
  for (let passedMs = 0; !isSettled; passedMs += STEP_MS) {
    if (passedMs >= ms) throw new Error(`the promise is still open after ${ms} ms`)
    await clock.advance(STEP_MS)
  }
  return promise
}
