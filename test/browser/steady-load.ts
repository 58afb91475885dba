/** Records at a steady rate, until it is stopped. */
import type { Client, Producer } from '@millrace/client'

const TICK_MS = 10

export interface SteadyLoadOptions {
  readonly topic: string
  readonly partitions: number
  readonly perSecond: number
}

/** Sends what is due every some milliseconds: late ticks send more, so that the rate holds over time. */
export class SteadyLoad implements AsyncDisposable {
  readonly #producer: Producer
  readonly #options: SteadyLoadOptions
  readonly #startMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #sends: Promise<unknown> = Promise.resolve()
  #sentCount = 0

  private constructor(client: Client, options: SteadyLoadOptions) {
    this.#producer = client.producer()
    this.#options = options
    this.#timer = setInterval(() => this.#send(), TICK_MS)
  }

  static start(client: Client, options: SteadyLoadOptions): SteadyLoad {
    return new SteadyLoad(client, options)
  }

  get sentCount(): number {
    return this.#sentCount
  }

  /** Resolves with how many records were sent, when all of them are written. */
  async stop(): Promise<number> {
    clearInterval(this.#timer)
    await this.#sends
    return this.#sentCount
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #send(): void {
    const { partitions, perSecond, topic } = this.#options
    const due = Math.floor(((performance.now() - this.#startMs) / 1_000) * perSecond) - this.#sentCount
    const first = this.#sentCount
    this.#sentCount += due
    const records = Array.from({ length: due }, (_, index) => ({
      key: `sensor-${(first + index) % 7}`,
      value: JSON.stringify({ tick: first + index, at: Math.round(performance.now()) }),
      partition: (first + index) % partitions,
    }))
    if (due === 0) return
    this.#sends = Promise.all([this.#sends, this.#producer.sendMany(topic, records)])
    // Told by `stop`.
    this.#sends.catch(() => {})
  }
}
