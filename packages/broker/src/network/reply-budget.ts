import { strict as assert } from 'node:assert'
import type { Limits } from '../limits.ts'

/** A connection, as far as the budget is concerned. */
export interface ReplyTaker {
  /** What its peer has not taken yet. */
  readonly unsentBytes: number
}

/**
 * The bytes of large answers, over all connections: being read from the disk, waiting for their place in the order,
 * or piled up behind a peer that does not take them. Fetch asks how large an answer may be: the more is held, the
 * smaller each further answer. That is not enough where batches are large, since one whole batch always goes out: so
 * above the limit a fetch waits while its own peer has answers to take, and above twice the limit every fetch waits.
 * Whoever takes nothing is closed then, so that the waiting ends.
 */
export class ReplyBudget {
  readonly #limits: Limits
  readonly #endOfTurn: (run: () => void) => void
  /** One fetch of each connection at most, in the order in which they came. */
  readonly #waiting = new Map<ReplyTaker, () => void>()
  #isWaking = false
  #heldBytes = 0

  constructor(limits: Limits, endOfTurn: (run: () => void) => void) {
    this.#limits = limits
    this.#endOfTurn = endOfTurn
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** More is held than there should be: who makes no progress has to go. */
  get isExceeded(): boolean {
    return this.#heldBytes > this.#limits.maxUnsentBytesInAll
  }

  /** Something is held, or is not any more. */
  change(byBytes: number): void {
    this.#heldBytes += byBytes
    assert(this.#heldBytes >= 0)
    if (byBytes < 0) this.#wakeNext()
  }

  /** Counts what is being read until the reading has ended. */
  async during<T>(bytes: number, reading: Promise<T>): Promise<T> {
    this.change(bytes)
    try {
      return await reading
    } finally {
      this.change(-bytes)
    }
  }

  /** Null when a fetch of this connection may start now; else resolves when it may. */
  waitForRoom(taker: ReplyTaker): Promise<void> | null {
    if (!this.isExceeded) return null
    if (taker.unsentBytes === 0 && this.#heldBytes <= 2 * this.#limits.maxUnsentBytesInAll) return null
    assert(!this.#waiting.has(taker), 'a fetch that waits holds back what is behind it')
    return new Promise((resolve) => this.#waiting.set(taker, resolve))
  }

  /** The connection is gone: nothing is kept for it, however long the others may have to wait. */
  leave(taker: ReplyTaker): void {
    const wake = this.#waiting.get(taker)
    this.#waiting.delete(taker)
    wake?.()
  }

  /** The largest answer that one Fetch may have now. */
  maxFetchBytes(): number {
    const { maxFetchBytes, maxUnsentBytesInAll, minFetchBytes } = this.#limits
    if (this.#heldBytes === 0) return maxFetchBytes
    // An eighth of what is left: geometric, so that newcomers always get a share.
    const shareBytes = Math.floor((maxUnsentBytesInAll - this.#heldBytes) / 8)
    return Math.max(minFetchBytes, Math.min(maxFetchBytes, shareBytes))
  }

  /** One in a turn: what it reads is counted before the next one is let in. */
  #wakeNext(): void {
    if (this.#isWaking || this.isExceeded) return
    const [next] = this.#waiting
    if (next === undefined) return
    const [taker, wake] = next
    this.#waiting.delete(taker)
    this.#isWaking = true
    wake()
    this.#endOfTurn(() => {
      this.#isWaking = false
      this.#wakeNext()
    })
  }
}
