/**
 * The 99th percentiles of several clients' waits, in ms. Their requests take turns, so that whatever else the machine does
 * meanwhile falls on all of them.
 */
export async function alternatingP99(
  count: number,
  requests: readonly (() => Promise<unknown>)[],
): Promise<number[]> {
  const times = requests.map((): number[] => [])
  for (let round = 0; round < count; round += 1) {
    for (const [index, request] of requests.entries()) {
      const startedMs = performance.now()
      await request()
      times[index]?.push(performance.now() - startedMs)
    }
  }
  return times.map((own) => own.toSorted((a, b) => a - b)[Math.floor(own.length * 0.99)] ?? Number.NaN)
}
