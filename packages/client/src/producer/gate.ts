import { ClientError } from '../client-error.ts'
import { LIMITS } from '../client-limits.ts'

/**
 * Lets the sends of one topic through one after the other, in the order of their calls. A send that
 * waits for buffer space half-way through its records keeps the gate, so that no later record of
 * the same key overtakes it.
 */
export class Gate {
  #isHeld = false
  readonly #waiting: { pass(): void; refuse(error: Error): void }[] = []
  #closedWith: Error | null = null

  get isFree(): boolean {
    return !this.#isHeld
  }

  /** Resolves when it is the caller's turn; every `enter` needs a `leave`. */
  async enter(): Promise<void> {
    if (this.#closedWith !== null) throw this.#closedWith
    if (!this.#isHeld) {
      this.#isHeld = true
      return
    }
    if (this.#waiting.length >= LIMITS.maxWaitingSends) {
      throw new ClientError('BUFFER_FULL', `${this.#waiting.length} sends wait already`)
    }
    await new Promise<void>((pass, refuse) => this.#waiting.push({ pass, refuse }))
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#isHeld = false
    else next.pass()
  }

  /** Refuses whoever waits and whoever comes. */
  close(error: Error): void {
    this.#closedWith = error
    for (const { refuse } of this.#waiting.splice(0)) refuse(error)
  }
}
