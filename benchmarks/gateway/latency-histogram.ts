const STEP_MS = 0.25
const BUCKETS = 40_000

/** Latencies by quarters of a millisecond, up to ten seconds: millions of them in a fixed memory. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS)
  count = 0
  max = 0

  record(latencyMs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(latencyMs / STEP_MS)))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.count++
    if (latencyMs > this.max) this.max = latencyMs
  }

  /** The value below which `part` of all lies. */
  quantile(part: number): number {
    let left = part * this.count
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0
      if (left < 0) return (bucket + 1) * STEP_MS
    }
    return this.max
  }
}
