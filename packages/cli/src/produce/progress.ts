import { isInteractive, writeNote } from '../terminal.ts'

const UPDATE_MS = 200

/** Shows on a terminal how far a `produce` has come; says nothing elsewhere. */
export class ProduceProgress {
  readonly #startMs = performance.now()
  readonly #isShown = isInteractive()
  #records = 0
  #bytes = 0
  #shownMs = 0

  /** Records that were acknowledged. */
  add(records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
    const nowMs = performance.now()
    if (!this.#isShown || nowMs - this.#shownMs < UPDATE_MS) return
    this.#shownMs = nowMs
    writeNote(`\r\x1b[K${formatProgress(this.#records, this.#bytes, nowMs - this.#startMs)}`)
  }

  end(): void {
    if (!this.#isShown) return
    writeNote(`\r\x1b[K${formatProgress(this.#records, this.#bytes, performance.now() - this.#startMs)}\n`)
  }
}

/** `1,234,567 records, 98.7 MB, 456,789 records/s` */
export function formatProgress(records: number, bytes: number, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? Math.round((records * 1000) / elapsedMs) : 0
  const megabytes = (bytes / 1e6).toFixed(1)
  return `${records.toLocaleString('en')} records, ${megabytes} MB, ${rate.toLocaleString('en')} records/s`
}
