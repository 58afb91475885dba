import { strict as assert } from 'node:assert'
import type { Limits } from '../limits.ts'

/**
 * Answers that piled up behind slow peers, over all connections. Fetch asks it how large an answer may
 * be: the more piles up, the smaller each further answer, so that any number of readers who never read
 * cannot hold more than the limit and a little each.
 */
export class ReplyBudget {
  readonly #limits: Limits
  #unsentBytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get unsentBytes(): number {
    return this.#unsentBytes
  }

  /** A connection's pile grew or shrank. */
  change(byBytes: number): void {
    this.#unsentBytes += byBytes
    assert(this.#unsentBytes >= 0)
  }

  /** The largest answer that one Fetch may have now. */
  maxFetchBytes(): number {
    const { maxFetchBytes, maxUnsentBytesInAll, minFetchBytes } = this.#limits
    if (this.#unsentBytes === 0) return maxFetchBytes
    // An eighth of what is left: geometric, so that newcomers always get a share.
    const shareBytes = Math.floor((maxUnsentBytesInAll - this.#unsentBytes) / 8)
    return Math.max(minFetchBytes, Math.min(maxFetchBytes, shareBytes))
  }
}
