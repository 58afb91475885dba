import type { PartitionLog } from '@millrace/log-core'
import { buildBatch, readBatchHeader, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { expectThat } from '../log/violation.ts'
import type { Prng } from '../prng.ts'

const KEYS = 8
/** Small, so that a read takes several turns and compaction comes in between. */
const READ_BYTES = 300

/** A record that was found. A null value is a tombstone. */
interface KeyedRecord {
  readonly offset: number
  readonly key: string
  readonly value: string | null
}

/** What is known of a compacted log: which records are the newest of their keys, and which were ever sent. */
export class KeyedRecords {
  readonly #prng: Prng
  /** By key, of what was acknowledged under acks=all. */
  readonly #acknowledged = new Map<string, Omit<KeyedRecord, 'key'>>()
  /** Values that were handed to the log, by key and offset. */
  readonly #sent = new Map<string, string | null>()
  #written = 0

  constructor(prng: Prng) {
    this.#prng = prng
  }

  /** Appends a batch, and resolves when it is acknowledged. False when the log did not take it. */
  async append(log: PartitionLog): Promise<boolean> {
    const entries = Array.from({ length: this.#prng.between(1, 4) }, () => ({
      key: `key ${this.#prng.below(KEYS)}`,
      value: this.#prng.chance(0.25) ? null : `value ${this.#written++}`.padEnd(40, '.'),
    }))
    const batch = buildBatch(entries.map(({ key, value }) => ({ key, value, timestampMs: 1_000 })))
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
    if (outcome.kind !== 'appended') return false
    for (const [index, { key, value }] of entries.entries()) {
      this.#sent.set(`${key}@${outcome.baseOffset + index}`, value)
    }
    await outcome.committed
    for (const [index, { key, value }] of entries.entries()) {
      this.#acknowledged.set(key, { offset: outcome.baseOffset + index, value })
    }
    return true
  }

  /** Reads all of the log and compares. What was under way at a crash and is there counts as acknowledged from then on. */
  async check(log: PartitionLog): Promise<void> {
    const newest = new Map<string, KeyedRecord>()
    let lastOffset = -1
    for (const record of await readAll(log)) {
      const { offset, key, value } = record
      expectThat(offset > lastOffset, () => `offset ${offset} came after ${lastOffset}`)
      lastOffset = offset
      const sent = this.#sent.get(`${key}@${offset}`)
      expectThat(sent === value, () => `${key} at ${offset} is ${value}, sent was ${sent}`)
      newest.set(key, record)
    }
    for (const [key, expected] of this.#acknowledged) {
      const seen = newest.get(key)
      // A tombstone may be gone by now, but what it deleted must be gone then too.
      if (expected.value === null && seen === undefined) continue
      expectThat(seen !== undefined, () => `${key} is gone; its newest record was at ${expected.offset}`)
      expectThat(
        seen.offset >= expected.offset,
        () => `${key} is from ${seen.offset}, expected ${expected.offset}`,
      )
      this.#acknowledged.set(key, seen)
    }
  }
}

async function readAll(log: PartitionLog): Promise<KeyedRecord[]> {
  const found: KeyedRecord[] = []
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const from = offset
    const request = {
      offset,
      maxBytes: READ_BYTES,
      isFirstBatchWhole: true,
      limit: 'high-watermark',
    } as const
    const { buffers, sizeBytes } = await log.read(request)
    expectThat(sizeBytes > 0, () => `nothing at ${from}, the log ends at ${log.highWatermark}`)
    for (const buffer of buffers) {
      for (const { position, header } of scanBatches(buffer)) {
        for (const { offset: at, key, value } of readBatchRecords(buffer, position))
          if (at >= from)
            found.push({ offset: at, key: String(key), value: value === null ? null : String(value) })
        offset = header.lastOffset + 1
      }
    }
  }
  return found
}
