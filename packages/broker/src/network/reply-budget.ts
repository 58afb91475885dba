import { strict as assert } from 'node:assert'
import type { Limits } from '../limits.ts'

/**
 * The bytes of large answers, over all connections: being read from the disk, waiting for their place in the order,
 * or piled up behind a peer that does not take them. Fetch asks how large an answer may be: the more is held, the
 * smaller each further answer, so that any number of readers who never read cannot hold more than the limit and a
 * little each.
 */
export class ReplyBudget {
  readonly #limits: Limits
  #heldBytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
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

  /** The largest answer that one Fetch may have now. */
  maxFetchBytes(): number {
    const { maxFetchBytes, maxUnsentBytesInAll, minFetchBytes } = this.#limits
    if (this.#heldBytes === 0) return maxFetchBytes
    // An eighth of what is left: geometric, so that newcomers always get a share.
    const shareBytes = Math.floor((maxUnsentBytesInAll - this.#heldBytes) / 8)
    return Math.max(minFetchBytes, Math.min(maxFetchBytes, shareBytes))
  }
}
