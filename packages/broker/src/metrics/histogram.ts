/** What a histogram has seen, in the unit of its values. */
export interface HistogramSnapshot {
  readonly count: number
  readonly sum: number
  readonly max: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
}

/** Buckets per power of two: values are told within a sixteenth. */
const SUB_BUCKETS = 16
const SUB_BUCKET_BITS = 4
/** Up to 2^40 steps. */
const BUCKET_COUNT = SUB_BUCKETS * (40 - SUB_BUCKET_BITS + 1)

/**
 * Counts values in buckets whose width grows with them (HdrHistogram's idea): recording costs some nanoseconds and
 * no memory, and a quantile is right within 6 percent. `step` is the finest distance that matters: 0.001 for
 * microseconds in milliseconds.
 */
export class Histogram {
  readonly #step: number
  readonly #counts = new Float64Array(BUCKET_COUNT)
  #count = 0
  #sum = 0
  #max = 0

  constructor(step = 1) {
    this.#step = step
  }

  /** Negative values, which a clock that is set back may give, count as 0. */
  record(value: number): void {
    const bucket = bucketOf(Math.max(0, value) / this.#step)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
    this.#sum += value
    if (value > this.#max) this.#max = value
  }

  get count(): number {
    return this.#count
  }

  /** The value below which the given part, 0 to 1, of all values lies. 0 when there are none. */
  quantile(part: number): number {
    let left = Math.ceil(part * this.#count)
    if (left === 0) return 0
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return Math.min(this.#max, highestOf(bucket) * this.#step)
    }
    return this.#max
  }

  snapshot(): HistogramSnapshot {
    return {
      count: this.#count,
      sum: this.#sum,
      max: this.#max,
      p50: this.quantile(0.5),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
    }
  }
}

function bucketOf(steps: number): number {
  const whole = Math.floor(steps)
  if (whole < SUB_BUCKETS) return whole
  const exponent = Math.min(39, Math.floor(Math.log2(whole)))
  const sub = Math.floor(whole / 2 ** (exponent - SUB_BUCKET_BITS)) - SUB_BUCKETS
  return (exponent - SUB_BUCKET_BITS + 1) * SUB_BUCKETS + Math.min(sub, SUB_BUCKETS - 1)
}

function highestOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket
  const exponent = Math.floor(bucket / SUB_BUCKETS) + SUB_BUCKET_BITS - 1
  const sub = bucket % SUB_BUCKETS
  return (SUB_BUCKETS + sub + 1) * 2 ** (exponent - SUB_BUCKET_BITS) - 1
}
