/** The door to time and chance of a web page. */

/** Resolves after the delay, give or take a quarter: pages that were cut off together do not come back together. */
export function waitAbout(delayMs: number): Promise<void> {
  const jittered = delayMs * (0.75 + Math.random() / 2)
  return new Promise((resolve) => setTimeout(resolve, jittered))
}
