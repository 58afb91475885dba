/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** The only door to time and chance: everything above it can run in a simulator. */
export interface Clock {
  /** Milliseconds since the epoch, for record timestamps. */
  nowMs(): number
  /** Milliseconds from an arbitrary start; never goes back. For deadlines. */
  monotonicMs(): number
  /** Runs after all work of this turn of the event loop, promises included. */
  endOfTurn(run: () => void): void
  /** Runs once after the delay. A `background` timer does not keep the process alive. */
  after(delayMs: number, run: () => void, kind?: 'background'): Timer
  /** A number in [0, 1). */
  random(): number
}

/** The clock of the machine. */
export function nodeClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    endOfTurn: (run) => void setImmediate(run),
    after: (delayMs, run, kind) => {
      const timer = setTimeout(run, delayMs)
      if (kind === 'background') timer.unref()
      return { cancel: () => clearTimeout(timer) }
    },
    random: () => Math.random(),
  }
}

/** Resolves after the delay, or at once when `signal` aborts: the caller looks at the signal. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
