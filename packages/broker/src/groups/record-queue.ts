import type { PersistedRecord } from '@millrace/consumer-groups'
import type { RecordInput } from '@millrace/record-batch'

/** What a batch adds to each record beside key and value: lengths, deltas, attributes; an upper bound. */
const RECORD_OVERHEAD_BYTES = 32

interface Unit {
  readonly records: readonly RecordInput[]
  readonly sizeBytes: number
}

/**
 * Records on their way to the log. Those of one step are a unit and go into one batch together, so that a crash
 * cannot leave half of a step behind; many units share a batch.
 */
export class RecordQueue {
  readonly #units: Unit[] = []

  get isEmpty(): boolean {
    return this.#units.length === 0
  }

  add(records: readonly PersistedRecord[], timestampMs: number): void {
    let sizeBytes = 0
    for (const { key, value } of records)
      sizeBytes += RECORD_OVERHEAD_BYTES + key.length + (value?.length ?? 0)
    this.#units.push({ records: records.map(({ key, value }) => ({ key, value, timestampMs })), sizeBytes })
  }

  /** The oldest units that fit into `maxBytes`, and at least one. */
  takeBatch(maxBytes: number): RecordInput[] {
    const batch: RecordInput[] = []
    let sizeBytes = 0
    let count = 0
    for (const unit of this.#units) {
      if (count > 0 && sizeBytes + unit.sizeBytes > maxBytes) break
      sizeBytes += unit.sizeBytes
      batch.push(...unit.records)
      count++
    }
    this.#units.splice(0, count)
    return batch
  }

  clear(): void {
    this.#units.length = 0
  }
}
