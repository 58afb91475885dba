import type { Clock } from '../time/clock.ts'

/** The bounds of the pauses between attempts, in ms. */
export interface BackoffBounds {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

/**
 * The pause before attempt `attempt + 1` (from 0): doubled each time, capped, and with jitter of
 * a fifth on both sides, so that a thousand clients do not come back in the same millisecond.
 */
export function backoffMs(attempt: number, bounds: BackoffBounds, clock: Clock): number {
  const doubled = bounds.retryBackoffMs * 2 ** Math.min(attempt, 30)
  return Math.min(doubled, bounds.retryBackoffMaxMs) * (0.8 + 0.4 * clock.random())
}
