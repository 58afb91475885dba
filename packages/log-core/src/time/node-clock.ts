import type { Clock, Timer } from './clock.ts'

/** Node clamps a longer `setTimeout` to 1 ms, so longer delays are made of several. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** Real time. */
export function nodeClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    endOfTurn: (run) => void setImmediate(run),
    after: startTimer,
  }
}

function startTimer(delayMs: number, run: () => void): Timer {
  let timeout: NodeJS.Timeout
  const arm = (remainingMs: number): void => {
    const stepMs = Math.min(remainingMs, LONGEST_TIMEOUT_MS)
    timeout = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : run()), stepMs)
    timeout.unref()
  }
  arm(Math.max(0, delayMs))
  return { cancel: () => clearTimeout(timeout) }
}
