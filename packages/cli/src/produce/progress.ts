import { progressBar, StatusLine } from '../output/status-line.ts'
import { formatCount, formatDuration } from '../output/units.ts'
import { isInteractive } from '../terminal.ts'

/** Shows on a terminal how far a `produce` has come; says nothing elsewhere. */
export class ProduceProgress {
  readonly #totalBytes: number | null
  readonly #startMs = performance.now()
  readonly #line: StatusLine
  #records = 0
  #bytes = 0

  constructor(totalBytes: number | null, isQuiet: boolean) {
    this.#totalBytes = totalBytes
    this.#line = new StatusLine(isInteractive() && !isQuiet)
  }

  /** Whether somebody looks. */
  get isShown(): boolean {
    return this.#line.isShown
  }

  /** Records that were acknowledged, and the bytes of the input that they were made of. */
  add(records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
    const nowMs = performance.now()
    this.#line.show(nowMs, () =>
      formatProgress(this.#records, this.#bytes, this.#totalBytes, nowMs - this.#startMs),
    )
  }

  /** What was acknowledged, for programs. */
  summary(): { records: number; bytes: number; elapsedMs: number; recordsPerSecond: number } {
    const elapsedMs = performance.now() - this.#startMs
    const bytes = Math.round(this.#bytes)
    return { records: this.#records, bytes, elapsedMs, recordsPerSecond: rateOf(this.#records, elapsedMs) }
  }

  /** One line that stays. */
  end(rejected: number): void {
    const told = formatProgress(this.#records, this.#bytes, null, performance.now() - this.#startMs)
    this.#line.end(`${told}${rejected === 0 ? '' : `, ${rejected.toLocaleString('en')} rejected`}`)
  }
}

/** `[=====>    ] 52% 1,234,567 records, 98.7 MB, 456,789 records/s, 12s left`; without the total no bar. */
function formatProgress(
  records: number,
  bytes: number,
  totalBytes: number | null,
  elapsedMs: number,
): string {
  const rate = rateOf(records, elapsedMs)
  const megabytes = (bytes / 1e6).toFixed(1)
  const counts = `${formatCount(records, 'record')}, ${megabytes} MB, ${rate.toLocaleString('en')} records/s`
  if (totalBytes === null || totalBytes === 0) return counts
  const part = Math.min(1, bytes / totalBytes)
  const left = part > 0 ? `, ${formatDuration((elapsedMs * (1 - part)) / part)} left` : ''
  return `${progressBar(part)} ${counts}${left}`
}

function rateOf(records: number, elapsedMs: number): number {
  return elapsedMs > 0 ? Math.round((records * 1000) / elapsedMs) : 0
}
