import { formatDuration } from '../output/units.ts'
import { isInteractive, terminalColumns, writeNote } from '../terminal.ts'

const UPDATE_MS = 200
const BAR_COLUMNS = 24

/** Shows on a terminal how far a `produce` has come; says nothing elsewhere. */
export class ProduceProgress {
  readonly #totalBytes: number | null
  readonly #startMs = performance.now()
  readonly #isShown: boolean
  #records = 0
  #bytes = 0
  #shownMs = 0

  constructor(totalBytes: number | null, isQuiet: boolean) {
    this.#totalBytes = totalBytes
    this.#isShown = isInteractive() && !isQuiet
  }

  /** Records that were acknowledged. */
  add(records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
    const nowMs = performance.now()
    if (!this.#isShown || nowMs - this.#shownMs < UPDATE_MS) return
    this.#shownMs = nowMs
    const line = formatProgress(this.#records, this.#bytes, this.#totalBytes, nowMs - this.#startMs)
    writeNote(`\r\x1b[K${line.slice(0, terminalColumns() - 1)}`)
  }

  /** One line that stays. */
  end(rejected: number): void {
    if (!this.#isShown) return
    const line = formatProgress(this.#records, this.#bytes, null, performance.now() - this.#startMs)
    writeNote(`\r\x1b[K${line}${rejected === 0 ? '' : `, ${rejected.toLocaleString('en')} rejected`}\n`)
  }
}

/** `[=====>    ] 52% 1,234,567 records, 98.7 MB, 456,789 records/s, 12s left`; without the total no bar. */
export function formatProgress(
  records: number,
  bytes: number,
  totalBytes: number | null,
  elapsedMs: number,
): string {
  const rate = elapsedMs > 0 ? Math.round((records * 1000) / elapsedMs) : 0
  const megabytes = (bytes / 1e6).toFixed(1)
  const counts = `${records.toLocaleString('en')} records, ${megabytes} MB, ${rate.toLocaleString('en')} records/s`
  if (totalBytes === null || totalBytes === 0) return counts
  const part = Math.min(1, bytes / totalBytes)
  const filled = Math.round(part * BAR_COLUMNS)
  const bar = `${'='.repeat(Math.max(0, filled - 1))}${filled > 0 ? '>' : ''}`.padEnd(BAR_COLUMNS)
  const left = part > 0 ? `, ${formatDuration((elapsedMs * (1 - part)) / part)} left` : ''
  return `[${bar}] ${Math.floor(part * 100)}% ${counts}${left}`
}
