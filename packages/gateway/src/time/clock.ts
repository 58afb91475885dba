/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** The only door to time. No timer of it keeps the process alive. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Runs once after the delay. */
  after(delayMs: number, run: () => void): Timer
}

/** The clock of the machine. */
export function nodeClock(): Clock {
  return {
    nowMs: () => Date.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      timer.unref()
      return { cancel: () => clearTimeout(timer) }
    },
  }
}

/** Resolves after the delay. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })
}
