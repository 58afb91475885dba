import { strict as assert } from 'node:assert'

/**
 * How far a partition has been handled: records are handed out in order and done in any order, and
 * what may be committed is the end of the unbroken row of done ones. Never ahead of what was handled.
 */
export class OffsetTracker {
  /** Offsets that were handed out, from the first that is not done; each with whether it is done. */
  readonly #handedOut: { readonly offset: number; isDone: boolean }[] = []
  #committable: number
  #next: number

  constructor(start: number) {
    this.#committable = start
    this.#next = start
  }

  /** The offset to commit: everything below it is done. */
  get committable(): number {
    return this.#committable
  }

  /** The offset behind the last record that was handed out. */
  get next(): number {
    return this.#next
  }

  /** Records that were handed out and are not done. */
  get inHand(): number {
    return this.#handedOut.reduce((count, { isDone }) => count + (isDone ? 0 : 1), 0)
  }

  handOut(offset: number): void {
    assert(offset >= this.#next, 'records are handed out in order')
    this.#next = offset + 1
    this.#handedOut.push({ offset, isDone: false })
  }

  done(offset: number): void {
    const at = this.#handedOut.findIndex((entry) => entry.offset === offset)
    const entry = this.#handedOut[at]
    assert(entry !== undefined && !entry.isDone, 'a record is done once, after it was handed out')
    entry.isDone = true
    if (at === 0) this.#advance()
  }

  /** There is no record between the last one handed out and this offset: markers, or records compacted away. */
  skipTo(offset: number): void {
    this.#next = Math.max(this.#next, offset)
    this.#advance()
  }

  #advance(): void {
    let count = 0
    while (this.#handedOut[count]?.isDone) count++
    this.#handedOut.splice(0, count)
    this.#committable = this.#handedOut[0]?.offset ?? this.#next
  }
}
