import { strict as assert } from 'node:assert'

/** Lets so many pieces of work run at once; the others wait in the order in which they came. */
export class ConcurrencyLimit {
  #free: number
  readonly #waiting: (() => void)[] = []
  /** Where the next one to go on stands: taking from the front of an array of ten thousand is slow. */
  #nextWaiting = 0

  constructor(limit: number) {
    assert(limit > 0)
    this.#free = limit
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      this.#release()
    }
  }

  /** The place goes to who waited longest. */
  #release(): void {
    const next = this.#waiting[this.#nextWaiting]
    if (next === undefined) {
      this.#free++
      this.#waiting.length = 0
      this.#nextWaiting = 0
    } else {
      this.#nextWaiting++
      next()
    }
  }
}
