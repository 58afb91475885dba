import type { GroupTimer } from '@millrace/consumer-groups'
import type { Clock, Timer } from '@millrace/log-core'

interface ArmedTimer {
  deadlineMs: number
  /** When the clock's timer fires: at the deadline, or before it when the deadline was moved since. */
  firesAtMs: number
  clockTimer: Timer
}

/**
 * The timers that a shard armed. Every heartbeat moves one further away, ten thousand times a second on a busy
 * broker, so a move that way only writes a number down: the clock's timer fires at the old time and looks again.
 */
export class GroupTimers {
  readonly #clock: Clock
  readonly #fire: (timer: GroupTimer) => void
  readonly #armed = new Map<GroupTimer, ArmedTimer>()

  constructor(clock: Clock, fire: (timer: GroupTimer) => void) {
    this.#clock = clock
    this.#fire = fire
  }

  get size(): number {
    return this.#armed.size
  }

  /** How long until it fires; null when it is not armed. */
  leftMs(timer: GroupTimer): number | null {
    const armed = this.#armed.get(timer)
    return armed === undefined ? null : Math.max(0, armed.deadlineMs - this.#clock.monotonicMs())
  }

  arm(timer: GroupTimer, delayMs: number): void {
    const deadlineMs = this.#clock.monotonicMs() + delayMs
    const armed = this.#armed.get(timer)
    if (armed !== undefined && armed.firesAtMs <= deadlineMs) {
      armed.deadlineMs = deadlineMs
      return
    }
    armed?.clockTimer.cancel()
    this.#schedule(timer, deadlineMs, delayMs)
  }

  cancel(timer: GroupTimer): void {
    this.#armed.get(timer)?.clockTimer.cancel()
    this.#armed.delete(timer)
  }

  cancelAll(): void {
    for (const { clockTimer } of this.#armed.values()) clockTimer.cancel()
    this.#armed.clear()
  }

  #schedule(timer: GroupTimer, deadlineMs: number, delayMs: number): void {
    const clockTimer = this.#clock.after(delayMs, () => this.#clockFired(timer))
    this.#armed.set(timer, { deadlineMs, firesAtMs: deadlineMs, clockTimer })
  }

  #clockFired(timer: GroupTimer): void {
    const armed = this.#armed.get(timer)
    if (armed === undefined) return
    const leftMs = armed.deadlineMs - this.#clock.monotonicMs()
    if (leftMs > 0) {
      this.#schedule(timer, armed.deadlineMs, Math.ceil(leftMs))
    } else {
      this.#armed.delete(timer)
      this.#fire(timer)
    }
  }
}
