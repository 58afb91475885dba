/**
 * What a client read, told in a form that programs in every language can make and that does not depend on the order
 * in which partitions were read.
 *
 * One record's frame is the text `TIMESTAMP KEY_LENGTH VALUE_LENGTH\n` (length -1 for null), then the key's bytes,
 * then the value's. Its hash is the first six bytes of SHA-256 over the frame, as a number; a partition's hash is
 * their sum modulo 2^48, so that every number stays a safe integer.
 */
import { hash } from 'node:crypto'

export interface TalliedRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface PartitionTally {
  count: number
  /** 12 hexadecimal digits. */
  hash: string
  first: number
  last: number
  /** Whether every offset was above the one before. */
  isOrdered: boolean
}

/** Partition number (as text, as JSON has it) to what was read there; partitions without records are left out. */
export type Tally = Record<string, PartitionTally>

const MODULUS = 2 ** 48

export class RecordTally {
  readonly #partitions = new Map<number, { tally: PartitionTally; sum: number }>()
  #count = 0

  get count(): number {
    return this.#count
  }

  add(record: TalliedRecord): void {
    this.#count += 1
    let entry = this.#partitions.get(record.partition)
    if (entry === undefined) {
      const tally = { count: 0, hash: '', first: record.offset, last: -1, isOrdered: true }
      entry = { tally, sum: 0 }
      this.#partitions.set(record.partition, entry)
    }
    const { tally } = entry
    tally.count += 1
    if (record.offset <= tally.last) tally.isOrdered = false
    tally.last = record.offset
    entry.sum = (entry.sum + recordHash(record)) % MODULUS
  }

  result(): Tally {
    const sorted = [...this.#partitions].sort(([a], [b]) => a - b)
    return Object.fromEntries(
      sorted.map(([partition, { tally, sum }]) => [
        partition,
        { ...tally, hash: sum.toString(16).padStart(12, '0') },
      ]),
    )
  }
}

export function recordHash(record: Pick<TalliedRecord, 'timestampMs' | 'key' | 'value'>): number {
  const { timestampMs, key, value } = record
  const head = Buffer.from(
    `${timestampMs} ${key === null ? -1 : key.length} ${value === null ? -1 : value.length}\n`,
  )
  const frame = Buffer.concat([head, key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)])
  return hash('sha256', frame, 'buffer').readUIntBE(0, 6)
}
