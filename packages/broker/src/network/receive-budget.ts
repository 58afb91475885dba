import { strict as assert } from 'node:assert'
import type { Limits } from '../limits.ts'

/** A connection, as far as the budget is concerned. */
export interface Receiver {
  /** There may be room again: look whether reading may go on. */
  onReceiveRoom(): void
}

/**
 * Bytes that were received and whose requests are not finished, over all connections. While they are too many,
 * only one of the connections that are in the middle of a large frame goes on reading, the one that began first:
 * so frames get finished whatever is announced, and the rest waits in the peers' sockets.
 */
export class ReceiveBudget {
  readonly #limits: Limits
  #usedBytes = 0
  /** In the middle of a frame above the share that everybody may read ahead, in the order in which they began. */
  readonly #inLargeFrames = new Set<Receiver>()
  readonly #waiting = new Set<Receiver>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** So much is unfinished that a connection should have one request in flight at most. */
  get isFull(): boolean {
    return this.#usedBytes >= this.#limits.maxReceivedBytesInAll
  }

  /** Whether connections wait for room. */
  get isContended(): boolean {
    return this.#waiting.size > 0
  }

  /** The connection that the others may be waiting for, if there is one. */
  get first(): Receiver | undefined {
    const [first] = this.#inLargeFrames
    return first
  }

  /** A connection has received more, or is done with some of it. */
  change(byBytes: number): void {
    this.#usedBytes += byBytes
    assert(this.#usedBytes >= 0)
    if (byBytes < 0 && this.#waiting.size > 0 && !this.isFull) this.#wakeAll()
  }

  /** Whether a connection in the middle of a large frame may read on. When not, `onReceiveRoom` follows. */
  mayReadOn(receiver: Receiver): boolean {
    this.#inLargeFrames.add(receiver)
    if (!this.isFull || this.first === receiver) return true
    this.#waiting.add(receiver)
    return false
  }

  /** The connection's large frame is whole, or the connection is gone. */
  leave(receiver: Receiver): void {
    this.#waiting.delete(receiver)
    if (!this.#inLargeFrames.delete(receiver)) return
    const { first } = this
    if (first !== undefined && this.#waiting.delete(first)) first.onReceiveRoom()
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const receiver of waiting) receiver.onReceiveRoom()
  }
}
