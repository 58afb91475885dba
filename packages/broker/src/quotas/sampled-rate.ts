import { strict as assert } from 'node:assert'

/** Over how long a rate is averaged: so many windows of this length, the running one included. */
export interface RateWindows {
  readonly count: number
  readonly lengthMs: number
}

/**
 * A rate per second over the last windows, as Kafka's `Rate` over `SampledStat`: whoever was quiet may use at once what
 * the quota gives for all windows but one, and has used it up then.
 */
export class SampledRate {
  readonly #windows: RateWindows
  /** Of window n, at n modulo the count. */
  readonly #totals: number[]
  /** The newest window; windows are numbered from the clock's zero. */
  #newest: number

  constructor(windows: RateWindows, nowMs: number) {
    assert(windows.count > 0 && windows.lengthMs > 0)
    this.#windows = windows
    this.#totals = new Array<number>(windows.count).fill(0)
    this.#newest = Math.floor(nowMs / windows.lengthMs)
  }

  record(amount: number, nowMs: number): void {
    this.#advance(nowMs)
    const slot = this.#newest % this.#windows.count
    this.#totals[slot] = (this.#totals[slot] ?? 0) + amount
  }

  /** Per second. */
  perSecond(nowMs: number): number {
    this.#advance(nowMs)
    let total = 0
    for (const amount of this.#totals) total += amount
    return (total / this.#elapsedMs(nowMs)) * 1000
  }

  /** How long nothing may be used until the rate is down at `quota` per second; 0 when it is. */
  excessMs(quota: number, nowMs: number): number {
    const rate = this.perSecond(nowMs)
    return rate <= quota ? 0 : ((rate - quota) / quota) * this.#elapsedMs(nowMs)
  }

  /** The whole windows before the running one, and what of that has passed. */
  #elapsedMs(nowMs: number): number {
    const { count, lengthMs } = this.#windows
    return Math.max(1, (count - 1) * lengthMs + (nowMs - this.#newest * lengthMs))
  }

  #advance(nowMs: number): void {
    const { count, lengthMs } = this.#windows
    const current = Math.floor(nowMs / lengthMs)
    if (current <= this.#newest) return
    const passed = Math.min(count, current - this.#newest)
    for (let step = 0; step < passed; step++) this.#totals[(current - step) % count] = 0
    this.#newest = current
  }
}
