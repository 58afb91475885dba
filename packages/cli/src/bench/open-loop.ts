/** Slices are handed out so often, in ms: what is due is sent together. */
const SLICE_MS = 1

/**
 * Calls `send` for records when they are due at a rate, whatever became of the earlier ones: a broker
 * that stalls does not stop the clock, so its stall shows in the latencies (no coordinated omission).
 * `send` gets the moment at which the first record of the slice was due, and the time between two.
 */
export async function openLoop(
  options: { readonly perSecond: number; readonly durationMs: number; readonly signal: AbortSignal },
  send: (count: number, firstDueMs: number, stepMs: number) => void,
): Promise<number> {
  const { perSecond, durationMs, signal } = options
  const stepMs = 1_000 / perSecond
  const startMs = performance.now()
  let sent = 0
  const total = Math.floor(durationMs / stepMs)
  while (sent < total && !signal.aborted) {
    const due = Math.min(total, Math.floor((performance.now() - startMs) / stepMs) + 1)
    if (due > sent) {
      send(due - sent, startMs + sent * stepMs, stepMs)
      sent = due
    }
    const nextMs = startMs + sent * stepMs - performance.now()
    await new Promise((resolve) => setTimeout(resolve, Math.max(SLICE_MS, nextMs)))
  }
  return sent
}
