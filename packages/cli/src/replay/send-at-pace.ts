import type { ConsumerRecord } from '@millrace/client'
import type { TimedRecord } from './time-ordered-reader.ts'

/** Records that are sent together without looking at the clock again. */
const MAX_RECORDS_PER_SEND = 500
/** A timer takes at most 2^31 - 1 ms; nobody waits so long at once. */
const MAX_WAIT_MS = 60_000

/** The time by which records are due. */
export interface PaceClock {
  nowMs(): number
  /** Resolves after a time, or when the signal comes. May be late. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** What is sent, how fast, and where. */
export interface PacedSending {
  /** In the order of time. */
  readonly records: { next(): Promise<TimedRecord | null> }
  /** 1 as it happened, 2 twice as fast, infinity as fast as it goes. */
  readonly speed: number
  readonly signal: AbortSignal
  /** Takes records that are due, and the moment in history at which the last of them was. */
  send(records: readonly ConsumerRecord[], timeMs: number): Promise<void>
}

/**
 * Sends each record when it is due: as long after the first as it was then, by the speed. Never early; what comes late
 * does not make the rest later.
 */
export async function sendAtPace(
  { records, send, signal, speed }: PacedSending,
  clock: PaceClock,
): Promise<void> {
  let next = await records.next()
  if (next === null) return
  const firstMs = next.timeMs
  const startMs = clock.nowMs()
  const dueMs = ({ timeMs }: TimedRecord): number => startMs + (timeMs - firstMs) / speed
  while (next !== null && !signal.aborted) {
    await waitUntil(dueMs(next), clock, signal)
    if (signal.aborted) return
    const nowMs = clock.nowMs()
    const due: ConsumerRecord[] = []
    let lastMs = next.timeMs
    while (next !== null && dueMs(next) <= nowMs && due.length < MAX_RECORDS_PER_SEND) {
      due.push(next.record)
      lastMs = next.timeMs
      next = await records.next()
    }
    await send(due, lastMs)
  }
}

async function waitUntil(dueMs: number, clock: PaceClock, signal: AbortSignal): Promise<void> {
  for (let leftMs = dueMs - clock.nowMs(); leftMs > 0 && !signal.aborted; leftMs = dueMs - clock.nowMs()) {
    await clock.wait(Math.min(leftMs, MAX_WAIT_MS), signal)
  }
}
