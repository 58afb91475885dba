import type { BatchHeader } from '@millrace/record-batch'

/** Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN: as many as a client may have in flight. */
export const BATCHES_KEPT = 5

const NO_SEQUENCE = -1
const SEQUENCES = 0x8000_0000

/** One of the last batches of a producer, so that a resend is answered with its original offsets. */
export interface ProducerBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly lastOffset: number
  /** `lastOffset` minus this is the batch's base offset. */
  readonly offsetDelta: number
  readonly timestampMs: number
}

/** What one log knows about one producer. */
export interface ProducerEntry {
  readonly producerId: number
  epoch: number
  /** Ascending: the last five that are written, and all that are queued. Empty when only an epoch is known. */
  batches: ProducerBatch[]
  /** The offset whose batch made this entry: when that batch is undone, so is the entry. */
  createdAtOffset: number
  lastTimestampMs: number
  coordinatorEpoch: number
  /** -1 when no transaction is open. */
  currentTransactionFirstOffset: number
}

export type ProducerCheck =
  | { readonly kind: 'new' }
  | { readonly kind: 'duplicate'; readonly batch: ProducerBatch }
  | {
      readonly kind: 'rejected'
      readonly reason: 'out-of-order-sequence' | 'invalid-producer-epoch'
      readonly message: string
    }

/** The part of a batch header that producers are known by. */
export type ProducerBatchHeader = Pick<
  BatchHeader,
  | 'producerId'
  | 'producerEpoch'
  | 'baseSequence'
  | 'lastOffsetDelta'
  | 'maxTimestampMs'
  | 'isTransactional'
  | 'isControl'
>

const NEW = { kind: 'new' } as const

/**
 * Idempotence (KIP-98; Kafka's ProducerStateManager and ProducerAppendInfo): per producer the epoch and the last five
 * batches. A check is all or nothing for a batch, and changes nothing; `update` follows once the batch has offsets.
 */
export class ProducerStates {
  /** Most logs have none for a long time, and an empty map takes 200 bytes. */
  #entries: Map<number, ProducerEntry> | null = null

  get count(): number {
    return this.#entries?.size ?? 0
  }

  entries(): Iterable<ProducerEntry> {
    return this.#entries?.values() ?? []
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries?.get(producerId)
  }

  check(header: ProducerBatchHeader): ProducerCheck {
    const entry = this.get(header.producerId)
    // A producer that nobody knows (any more) may begin anywhere: its state may have expired.
    if (entry === undefined) return NEW
    const { producerEpoch, baseSequence } = header
    if (producerEpoch < entry.epoch) return staleEpoch(header, entry.epoch)
    if (producerEpoch > entry.epoch) return baseSequence === 0 ? NEW : outOfOrder(header, NO_SEQUENCE)
    const duplicate = entry.batches.find(
      (batch) => batch.firstSequence === baseSequence && batch.lastSequence === lastSequenceOf(header),
    )
    if (duplicate !== undefined) return { kind: 'duplicate', batch: duplicate }
    const lastSequence = entry.batches.at(-1)?.lastSequence ?? NO_SEQUENCE
    return baseSequence === addToSequence(lastSequence, 1) ? NEW : outOfOrder(header, lastSequence)
  }

  /**
   * Takes in a batch that was appended, or that a replay of the log found. What is not written yet, from `writtenEnd`
   * on, does not push older batches out: it may be taken back, and a snapshot of what came before must have five too.
   */
  update(header: ProducerBatchHeader, lastOffset: number, writtenEnd = Number.POSITIVE_INFINITY): void {
    const entry = this.#entryFor(header, lastOffset)
    if (header.producerEpoch !== entry.epoch) {
      entry.epoch = header.producerEpoch
      entry.batches = []
    }
    entry.lastTimestampMs = header.maxTimestampMs
    if (header.baseSequence === NO_SEQUENCE) return // a marker: it moves the epoch, not the sequence
    entry.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: lastSequenceOf(header),
      lastOffset,
      offsetDelta: header.lastOffsetDelta,
      timestampMs: header.maxTimestampMs,
    })
    while ((entry.batches[BATCHES_KEPT]?.lastOffset ?? writtenEnd) < writtenEnd) entry.batches.shift()
  }

  /** Takes over an entry that a snapshot holds. */
  restore(entry: ProducerEntry): void {
    this.#entries ??= new Map()
    this.#entries.set(entry.producerId, entry)
  }

  /** Undoes batches that could not be written after all. Epochs stay raised: a fenced producer stays fenced. */
  truncateFrom(offset: number): void {
    for (const entry of this.entries()) {
      if (entry.createdAtOffset >= offset) this.#entries?.delete(entry.producerId)
      else if ((entry.batches.at(-1)?.lastOffset ?? -1) >= offset) {
        entry.batches = entry.batches.filter((batch) => batch.lastOffset < offset)
      }
    }
  }

  /** Forgets producers that were silent for longer than `expirationMs` and have no open transaction. */
  expire(nowMs: number, expirationMs: number): number {
    let count = 0
    for (const entry of this.entries()) {
      if (entry.currentTransactionFirstOffset >= 0 || nowMs - entry.lastTimestampMs <= expirationMs) continue
      this.#entries?.delete(entry.producerId)
      count++
    }
    return count
  }

  #entryFor(header: ProducerBatchHeader, lastOffset: number): ProducerEntry {
    const known = this.get(header.producerId)
    if (known !== undefined) return known
    const entry: ProducerEntry = {
      producerId: header.producerId,
      epoch: header.producerEpoch,
      batches: [],
      createdAtOffset: lastOffset - header.lastOffsetDelta,
      lastTimestampMs: header.maxTimestampMs,
      coordinatorEpoch: -1,
      currentTransactionFirstOffset: -1,
    }
    this.restore(entry)
    return entry
  }
}

/** Sequences count records and wrap from 2^31 - 1 to 0. */
export function addToSequence(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES
}

function lastSequenceOf(header: ProducerBatchHeader): number {
  return addToSequence(header.baseSequence, header.lastOffsetDelta)
}

function staleEpoch(header: ProducerBatchHeader, epoch: number): ProducerCheck {
  const message = `producer ${header.producerId} has epoch ${header.producerEpoch}; the log has seen epoch ${epoch}`
  return { kind: 'rejected', reason: 'invalid-producer-epoch', message }
}

function outOfOrder(header: ProducerBatchHeader, lastSequence: number): ProducerCheck {
  const expected = lastSequence === NO_SEQUENCE ? 0 : addToSequence(lastSequence, 1)
  const seen = `sequence ${header.baseSequence} of producer ${header.producerId} (epoch ${header.producerEpoch})`
  return { kind: 'rejected', reason: 'out-of-order-sequence', message: `${seen}; expected ${expected}` }
}
