import type { Clock } from '../time/clock.ts'

/** What keeps a consumer from getting on. */
export type StallReason = 'no-assignment' | 'no-data' | 'handler-busy' | 'commit-failing'

/** A consumer has not got on for longer than its `stallAfterMs`. */
export interface Stall {
  readonly reason: StallReason
  /** For how long, in ms. */
  readonly forMs: number
  /** One sentence for people. */
  readonly message: string
  /** The last error of a commit or a fetch, where there was one. */
  readonly error: Error | null
}

/** How a consumer stands, as `decideStall` has to know it. */
export interface Standing {
  readonly assignedCount: number
  readonly inHandCount: number
  /** Why the oldest failing partition gives nothing; null when fetching works. */
  readonly fetchError: Error | null
}

/** When each thing last went well, in ms of the monotonic clock. */
export interface ProgressTimes {
  /** A record was handed out or done, or partitions were assigned. */
  readonly movedMs: number
  /** There was an assignment. */
  readonly assignedMs: number
  /** The first commit that failed since one went well; null when the last one did. */
  readonly commitFailingSinceMs: number | null
  readonly commitError: Error | null
}

/** Says what a consumer waits for, or null when it gets on. The gravest reason first. */
export function decideStall(
  standing: Standing,
  times: ProgressTimes,
  limits: { readonly nowMs: number; readonly stallAfterMs: number },
): Stall | null {
  const { nowMs, stallAfterMs } = limits
  const { commitFailingSinceMs, commitError } = times
  const since = (ms: number): number => nowMs - ms
  if (commitFailingSinceMs !== null && since(commitFailingSinceMs) >= stallAfterMs) {
    const message = `commits have failed for ${seconds(since(commitFailingSinceMs))}: ${commitError?.message}`
    return { reason: 'commit-failing', forMs: since(commitFailingSinceMs), message, error: commitError }
  }
  if (standing.assignedCount === 0) {
    if (since(times.assignedMs) < stallAfterMs) return null
    const message = `no partition was assigned for ${seconds(since(times.assignedMs))}: there are more members than partitions, or the group cannot agree`
    return { reason: 'no-assignment', forMs: since(times.assignedMs), message, error: standing.fetchError }
  }
  const forMs = since(times.movedMs)
  if (forMs < stallAfterMs) return null
  if (standing.inHandCount > 0) {
    const message = `${standing.inHandCount} records are in the program's hands, and none was done for ${seconds(forMs)}`
    return { reason: 'handler-busy', forMs, message, error: null }
  }
  const error = standing.fetchError
  const why = error === null ? 'nothing was written' : `fetching fails: ${error.message}`
  return { reason: 'no-data', forMs, message: `no record came for ${seconds(forMs)}: ${why}`, error }
}

/** Keeps the times that `decideStall` looks at. */
export class Progress implements ProgressTimes {
  readonly #clock: Clock
  movedMs: number
  assignedMs: number
  commitFailingSinceMs: number | null = null
  commitError: Error | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    this.movedMs = clock.monotonicMs()
    this.assignedMs = this.movedMs
  }

  /** A record was handed out or done. */
  moved(): void {
    this.movedMs = this.#clock.monotonicMs()
  }

  /** Looked at from time to time: an assignment is there, or it is not. */
  assigned(count: number): void {
    if (count > 0) this.assignedMs = this.#clock.monotonicMs()
  }

  committed(): void {
    this.commitFailingSinceMs = null
    this.commitError = null
  }

  commitFailed(error: Error): void {
    this.commitFailingSinceMs ??= this.#clock.monotonicMs()
    this.commitError = error
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
