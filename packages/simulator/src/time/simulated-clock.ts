import { strict as assert } from 'node:assert'
import type { Clock, Timer } from '@millrace/log-core'

interface Event {
  readonly atMs: number
  readonly sequence: number
  readonly run: () => void
  isCancelled: boolean
}

/**
 * Virtual time. Nothing happens until `step` is called; then what is due happens in one fixed order: promises, the
 * ends of turns, the earliest event. Two events of one moment run in the order in which they were asked for.
 */
export class SimulatedClock implements Clock {
  /** A binary heap by time, then sequence. */
  readonly #events: Event[] = []
  #endsOfTurn: (() => void)[] = []
  #sequence = 0
  #elapsedMs = 0
  readonly #startMs: number

  constructor({ startMs = Date.UTC(2024, 0, 1) } = {}) {
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#startMs + Math.floor(this.#elapsedMs)
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  endOfTurn(run: () => void): void {
    this.#endsOfTurn.push(run)
  }

  after(delayMs: number, run: () => void): Timer {
    const event: Event = {
      atMs: this.#elapsedMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      run,
      isCancelled: false,
    }
    this.#push(event)
    return {
      cancel: () => {
        event.isCancelled = true
      },
    }
  }

  /** Lets the promises settle, then runs the ends of turns, or else the next event. False: nothing is left to run. */
  async step(): Promise<boolean> {
    await promisesSettled()
    if (this.#endsOfTurn.length > 0) {
      const runs = this.#endsOfTurn
      this.#endsOfTurn = []
      for (const run of runs) run()
      await promisesSettled()
      return true
    }
    for (let event = this.#pop(); event !== undefined; event = this.#pop()) {
      if (event.isCancelled) continue
      this.#elapsedMs = event.atMs
      event.run()
      await promisesSettled()
      return true
    }
    return false
  }

  /** Steps until `pending` is settled, and returns its result. */
  async settle<T>(pending: Promise<T>): Promise<T> {
    let isSettled = false
    const note = (): void => {
      isSettled = true
    }
    pending.then(note, note)
    await promisesSettled()
    while (!isSettled) {
      const hasMore = await this.step()
      assert(hasMore || isSettled, 'waits for ever: nothing is left to happen')
    }
    return pending
  }

  /** Runs everything that is due within the next `durationMs`. */
  async advance(durationMs: number): Promise<void> {
    let isOver = false
    this.after(durationMs, () => {
      isOver = true
    })
    while (!isOver) await this.step()
  }

  #push(event: Event): void {
    const heap = this.#events
    let index = heap.push(event) - 1
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !isBefore(event, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = event
  }

  #pop(): Event | undefined {
    const heap = this.#events
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      const right = heap[2 * index + 2]
      const isRightFirst = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRightFirst ? right : left
      if (child === undefined || !isBefore(child, last)) break
      heap[index] = child
      index = 2 * index + (isRightFirst ? 2 : 1)
    }
    heap[index] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}

/**
 * One turn of the real event loop: by its end every promise that could settle has settled. This is the only real
 * asynchrony in a simulation, and nothing else may be waiting in that loop.
 */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
