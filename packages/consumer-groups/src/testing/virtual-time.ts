import type { Prng } from './prng.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** Time that passes when there is something to do. What is due at the same moment runs in the order it was asked for. */
export class VirtualTime {
  nowMs = 1_700_000_000_000
  readonly prng: Prng
  readonly #events: Event[] = []
  #order = 0

  constructor(prng: Prng) {
    this.prng = prng
  }

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + delayMs, order: this.#order++, run }
    let index = this.#events.length
    while (index > 0 && isLater(this.#events[index - 1], event)) index--
    this.#events.splice(index, 0, event)
  }

  /** Runs everything that is due within `durationMs`. */
  run(durationMs: number): void {
    const untilMs = this.nowMs + durationMs
    for (let next = this.#events[0]; next !== undefined && next.atMs <= untilMs; next = this.#events[0]) {
      this.#events.shift()
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
    }
    this.nowMs = untilMs
  }
}

function isLater(one: Event | undefined, other: Event): boolean {
  return one !== undefined && (one.atMs > other.atMs || (one.atMs === other.atMs && one.order > other.order))
}
