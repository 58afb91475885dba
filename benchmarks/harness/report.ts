import type { TaskResult } from './rounds.ts'

/** One row of a report. Times are those of one operation. */
interface Row {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
  readonly bytesPerOperation: number | null
  readonly checksum: number
  /** The median that this row is compared with: its own, in a reference row. Null when there was none yet. */
  readonly referenceMedian: number | null
}

const COLUMNS = ['', 'median', 'min', 'max', 'per second', 'MB/s', 'times reference', 'checksum'] as const

/** A table of one suite in Markdown: what a page of figures can take as it is. */
export function formatResults(name: string, results: readonly TaskResult[]): string {
  const rows = toRows(results)
  const lines = rows.map((row) => [
    row.name,
    formatTime(row.median),
    formatTime(row.min),
    formatTime(row.max),
    formatCount(1e9 / row.median),
    row.bytesPerOperation === null ? '' : formatCount((row.bytesPerOperation / row.median) * 1e3),
    row.referenceMedian === null ? '' : (row.referenceMedian / row.median).toFixed(2),
    (row.checksum >>> 0).toString(16),
  ])
  const header = [name, ...COLUMNS.slice(1)]
  return [header, header.map((_, index) => (index === 0 ? '---' : '---:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function toRows(results: readonly TaskResult[]): Row[] {
  let referenceMedian: number | null = null
  return results.map(({ task, nanosecondsPerRound, checksum }) => {
    const sorted = [...nanosecondsPerRound].sort((a, b) => a - b)
    const median = sorted[sorted.length >> 1] ?? 0
    if (task.isReference === true) referenceMedian = median
    return {
      name: task.name,
      median,
      min: sorted[0] ?? 0,
      max: sorted.at(-1) ?? 0,
      bytesPerOperation: task.bytes === undefined ? null : task.bytes / task.operations,
      checksum,
      referenceMedian,
    }
  })
}

function formatTime(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(1)} ns`
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(2)} us`
  return `${(nanoseconds / 1e6).toFixed(2)} ms`
}

function formatCount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`
  return count >= 1e4 ? `${(count / 1e3).toFixed(0)} k` : count.toFixed(0)
}
