import { setTimeout as pause } from 'node:timers/promises'
import { CommandError } from './command-error.ts'

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
/** Work is handed out in slices of so long: short enough to look even, long enough for the timers of a machine. */
const SLICE_MS = 5
/** A timer takes at most 2^31 - 1 ms; the time is looked at again then. */
const MAX_WAIT_MS = 60_000

/** Reads `1000/s`, `60/m`, `1000` (a second): records in a second. */
export function parseRate(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(text)
  const perUnit = Number(match?.[1])
  const rate = (perUnit * 1_000) / (UNIT_MS[match?.[2] ?? 's'] ?? Number.NaN)
  if (rate > 0 && Number.isFinite(rate)) return rate
  throw new CommandError(`${flag} ${text}: expected a number of records, such as 1000/s or 60/m`)
}

/** Hands work out at a rate. Time lost by waiting for the broker is made up for, as a sensor would not wait either. */
export class Pace {
  readonly #perMs: number
  #startMs = 0
  #handedOut = 0

  constructor(perSecond: number) {
    this.#perMs = perSecond / 1_000
  }

  /** Parts of the items, each when its time has come; no more of them once the signal comes. */
  async *portions<T>(items: readonly T[], signal: AbortSignal): AsyncGenerator<readonly T[], void, void> {
    if (this.#startMs === 0) this.#startMs = performance.now()
    for (let at = 0; at < items.length && !signal.aborted; ) {
      const due = Math.floor((performance.now() - this.#startMs) * this.#perMs) + 1 - this.#handedOut
      if (due <= 0) {
        const untilNextMs = (this.#handedOut + 1) / this.#perMs - (performance.now() - this.#startMs)
        await waitFor(Math.min(MAX_WAIT_MS, Math.max(SLICE_MS, untilNextMs)), signal)
        continue
      }
      const part = items.slice(at, at + due)
      at += part.length
      this.#handedOut += part.length
      yield part
    }
  }
}

/** Resolves after a time, or when the signal comes. */
export async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
