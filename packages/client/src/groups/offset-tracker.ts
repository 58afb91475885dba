import { strict as assert } from 'node:assert'

interface HandedOut {
  readonly offset: number
  isDone: boolean
}

/**
 * How far a partition has been handled: records are handed out in order and done in any order, and
 * what may be committed is the end of the unbroken row of done ones. Never ahead of what was handled.
 */
export class OffsetTracker {
  /** Offsets that were handed out, in order; those before `#first` are done and forgotten soon. */
  #handedOut: HandedOut[] = []
  #first = 0
  #committable: number
  #next: number
  #inHand = 0

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
    return this.#inHand
  }

  /** Records that are done and cannot be committed, as an older one is not. */
  get doneBehind(): number {
    return this.#handedOut.length - this.#first - this.#inHand
  }

  handOut(offset: number): void {
    assert(offset >= this.#next, 'records are handed out in order')
    this.#next = offset + 1
    this.#inHand++
    this.#handedOut.push({ offset, isDone: false })
  }

  done(offset: number): void {
    const entry = this.#find(offset)
    assert(entry !== undefined && !entry.isDone, 'a record is done once, after it was handed out')
    entry.isDone = true
    this.#inHand--
    if (entry === this.#handedOut[this.#first]) this.#advance()
  }

  /** There is no record between the last one handed out and this offset: markers, or records compacted away. */
  skipTo(offset: number): void {
    this.#next = Math.max(this.#next, offset)
    this.#advance()
  }

  /** Offsets rise, so halving finds one among many, as there are when a slow record holds back quick ones. */
  #find(offset: number): HandedOut | undefined {
    let [low, high] = [this.#first, this.#handedOut.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#handedOut[middle]?.offset ?? 0) < offset) low = middle + 1
      else high = middle
    }
    const found = this.#handedOut[low]
    return found?.offset === offset ? found : undefined
  }

  #advance(): void {
    while (this.#handedOut[this.#first]?.isDone) this.#first++
    this.#committable = this.#handedOut[this.#first]?.offset ?? this.#next
    // Cutting off the front each time would cost as much as the queue is long.
    if (this.#first * 2 < this.#handedOut.length) return
    this.#handedOut = this.#handedOut.slice(this.#first)
    this.#first = 0
  }
}
