/** A pending call of `Clock.after`. Cancelling one that has run or was cancelled does nothing. */
export interface Timer {
  cancel(): void
}

/** The only door to time. Simulations stand behind it, so nothing above reads a clock or sets a timer itself. */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970. May jump in both directions: for timestamps, never for durations. */
  nowMs(): number
  /** Milliseconds from an arbitrary start, with fractions. Never goes back: for durations. */
  monotonicMs(): number
  /** Runs once, when everything that arrived in this turn of the event loop has been handled (`setImmediate`). */
  endOfTurn(run: () => void): void
  /** Runs once, at the earliest `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer
}
