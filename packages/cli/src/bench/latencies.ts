import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Latencies in one HdrHistogram, from a microsecond to ten minutes with three digits. */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })

  /** Counts one latency in ms. */
  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1_000)))
  }

  get count(): number {
    return Number(this.#histogram.count)
  }

  /** In ms. */
  percentile(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.percentile(percentile) / 1_000
  }

  get maxMs(): number {
    return this.count === 0 ? 0 : this.#histogram.max / 1_000
  }
}

/** The percentiles that are told. */
export const PERCENTILES = [50, 90, 99, 99.9, 100] as const

/** The percentiles by name, in ms: `{ p50: 0.5, ..., max: 12 }`. */
export function summary(latencies: Latencies): Record<string, number> {
  return Object.fromEntries(
    PERCENTILES.map((percentile) => [
      percentile === 100 ? 'max' : `p${percentile}`,
      percentile === 100 ? latencies.maxMs : latencies.percentile(percentile),
    ]),
  )
}

/** `p50 0.52 ms, p90 0.90 ms, ..., max 12.1 ms` and a line feed. */
export function percentileLine(latencies: Latencies): string {
  const parts = Object.entries(summary(latencies)).map(([name, ms]) => `${name} ${formatMs(ms)}`)
  return `${parts.join(', ')}\n`
}

function formatMs(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`
}

/** The longest bar, and what stands before each. */
const BAR_COLUMNS = 40
const LABEL_COLUMNS = 20

/** A bar for each percentile, as long as its latency is of the longest on a logarithmic scale, within so many columns. */
export function plot(latencies: Latencies, terminalColumns: number): string {
  const barColumns = Math.max(1, Math.min(BAR_COLUMNS, terminalColumns - LABEL_COLUMNS))
  const rows = [10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]
  const longest = Math.log10(1 + latencies.maxMs * 1_000)
  return rows
    .map((percentile) => {
      const ms = percentile === 100 ? latencies.maxMs : latencies.percentile(percentile)
      const columns = longest === 0 ? 0 : Math.round((Math.log10(1 + ms * 1_000) / longest) * barColumns)
      return `  ${(percentile === 100 ? 'max' : `p${percentile}`).padStart(6)} ${formatMs(ms).padStart(10)} ${'#'.repeat(columns)}\n`
    })
    .join('')
}
