import type { Clock, Timer } from '@millrace/log-core'

export interface PeriodicTaskOptions {
  readonly clock: Clock
  /** Asked before each wait, so that a change of configuration takes effect with the next one. */
  readonly intervalMs: () => number
  /** Must not reject: nobody would hear of it. */
  readonly run: () => Promise<void>
}

/** Work that is done again and again, one run at a time, `intervalMs` after the last one ended. */
export class PeriodicTask {
  readonly #options: PeriodicTaskOptions
  #timer: Timer | null = null
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(options: PeriodicTaskOptions) {
    this.#options = options
    this.#arm()
  }

  /** Runs now; joins a run that is on its way. */
  runNow(): Promise<void> {
    this.#running ??= this.#options.run().finally(() => {
      this.#running = null
      this.#arm()
    })
    return this.#running
  }

  /** Waits for a run that is on its way. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#running
  }

  #arm(): void {
    this.#timer?.cancel()
    if (this.#isClosed) return
    this.#timer = this.#options.clock.after(this.#options.intervalMs(), () => void this.runNow())
  }
}
