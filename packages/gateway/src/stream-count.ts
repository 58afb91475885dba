import { HttpError } from './http/http-error.ts'

/** Counts what goes on for long, each with a reader of its own, and refuses more than there may be. */
export class StreamCount {
  readonly #max: number
  #open = 0

  constructor(max: number) {
    this.#max = max
  }

  get open(): number {
    return this.#open
  }

  /** Runs one of them. Throws 503 when there are too many. */
  async run<T>(stream: () => Promise<T>): Promise<T> {
    if (this.#open >= this.#max) {
      throw new HttpError(503, 'TOO_MANY_STREAMS', `${this.#max} streams are open already`, {
        headers: { 'retry-after': '5' },
      })
    }
    this.#open++
    try {
      return await stream()
    } finally {
      this.#open--
    }
  }
}
