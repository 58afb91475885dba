import { strict as assert } from 'node:assert'
import type { Clock, Timer } from '@millrace/log-core'

/** Something that waits until a time at the latest. Belongs to at most one queue. */
export interface Waiter {
  /** On the clock's monotonic time. */
  readonly deadlineMs: number
  /** Its place in the queue, -1 while it is in none. Owned by the queue. */
  queueIndex: number
}

/**
 * Waiters by deadline, behind one timer for all of them: a thousand parked requests cost a thousand
 * entries of a binary heap, and removing one costs its logarithm.
 */
export class DeadlineQueue<Entry extends Waiter> {
  readonly #clock: Clock
  readonly #expire: (entry: Entry) => void
  readonly #heap: Entry[] = []
  #timer: Timer | null = null
  #timerDeadlineMs = Number.POSITIVE_INFINITY

  /** `expire` is called once for each entry whose deadline has come, after it has left the queue. */
  constructor(clock: Clock, expire: (entry: Entry) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  get size(): number {
    return this.#heap.length
  }

  add(entry: Entry): void {
    assert(entry.queueIndex === -1, 'a waiter waits in one queue')
    this.#heap.push(entry)
    this.#moveUp(entry, this.#heap.length - 1)
    this.#arm()
  }

  /** Nothing happens when it is not in the queue any more. */
  remove(entry: Entry): void {
    const index = entry.queueIndex
    if (index === -1) return
    assert(this.#heap[index] === entry)
    entry.queueIndex = -1
    const last = this.#heap.pop()
    if (last === undefined || last === entry) return
    this.#moveUp(last, index)
    this.#moveDown(last, last.queueIndex)
  }

  /** Takes every waiter out, for whoever ends the waiting. */
  removeAll(): Entry[] {
    const entries = this.#heap.splice(0)
    for (const entry of entries) entry.queueIndex = -1
    this.#timer?.cancel()
    this.#timer = null
    this.#timerDeadlineMs = Number.POSITIVE_INFINITY
    return entries
  }

  /** The timer may fire for an entry that was removed: it then only arms itself again. */
  #arm(): void {
    const first = this.#heap[0]
    if (first === undefined || first.deadlineMs >= this.#timerDeadlineMs) return
    this.#timer?.cancel()
    this.#timerDeadlineMs = first.deadlineMs
    const delayMs = Math.max(0, Math.ceil(first.deadlineMs - this.#clock.monotonicMs()))
    this.#timer = this.#clock.after(delayMs, () => this.#fire())
  }

  #fire(): void {
    this.#timer = null
    this.#timerDeadlineMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.monotonicMs()
    for (let first = this.#heap[0]; first !== undefined && first.deadlineMs <= nowMs; first = this.#heap[0]) {
      this.remove(first)
      this.#expire(first)
    }
    this.#arm()
  }

  #moveUp(entry: Entry, from: number): void {
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#at(parentIndex)
      if (parent.deadlineMs <= entry.deadlineMs) break
      this.#put(parent, index)
      index = parentIndex
    }
    this.#put(entry, index)
  }

  #moveDown(entry: Entry, from: number): void {
    let index = from
    for (;;) {
      let childIndex = index * 2 + 1
      if (childIndex >= this.#heap.length) break
      const right = this.#heap[childIndex + 1]
      if (right !== undefined && right.deadlineMs < this.#at(childIndex).deadlineMs) childIndex++
      const child = this.#at(childIndex)
      if (child.deadlineMs >= entry.deadlineMs) break
      this.#put(child, index)
      index = childIndex
    }
    this.#put(entry, index)
  }

  #at(index: number): Entry {
    const entry = this.#heap[index]
    assert(entry !== undefined)
    return entry
  }

  #put(entry: Entry, index: number): void {
    this.#heap[index] = entry
    entry.queueIndex = index
  }
}
