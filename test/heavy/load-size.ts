/** How much load a test puts on: a short version at each commit, the whole of it in `npm run nightly -- heavy`. */
export const IS_FULL = process.env.MILLRACE_HEAVY === 'full'

export function sized(quick: number, full: number): number {
  return IS_FULL ? full : quick
}

/** For the whole load; the short one takes seconds. */
export const HEAVY_TIMEOUT_MS = 600_000
