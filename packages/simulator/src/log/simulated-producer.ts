import { type BatchHeader, buildBatch, readBatchHeader } from '@millrace/record-batch'
import type { Prng } from '../prng.ts'
import { BODY_STARTS_AT, type LedgerBatch, type PartitionLedger, type ProducerStamp } from './ledger.ts'

/** One batch as a client holds it: it may be sent several times, always with the same bytes. */
export interface ProducedBatch {
  readonly bytes: Buffer
  readonly header: BatchHeader
  readonly body: Buffer
  readonly producer: ProducerStamp | null
  /** The log took it once, and may have lost it since. */
  wasSent: boolean
}

/** What the log may answer to a batch, by the rules of idempotence (KIP-98). */
export interface AllowedAnswers {
  /** The original, when the answer may be `duplicate`. */
  readonly duplicateOf: LedgerBatch | null
  readonly mayAppend: boolean
  readonly mayRefuseSequence: boolean
}

/** As many as a client may have in flight, and as a log remembers. */
const REMEMBERED_BATCHES = 5

/** An idempotent producer of one partition: keeps what is not acknowledged and sends it again. */
export class SimulatedProducer {
  readonly id: number
  #epoch = 0
  #nextSequence = 0
  /** Sent, and nobody knows whether it arrived: oldest first. */
  unknown: ProducedBatch[] = []
  /** The last ones that were sent, acknowledged or not: a client may send them again after a lost answer. */
  readonly recent: ProducedBatch[] = []

  constructor(id: number) {
    this.id = id
  }

  get canSend(): boolean {
    return this.unknown.length < REMEMBERED_BATCHES
  }

  produce(values: readonly Buffer[], timestampMs: number): ProducedBatch {
    const sequence = this.#nextSequence
    const lastSequence = sequence + values.length - 1
    this.#nextSequence = lastSequence + 1
    const stamp = { id: this.id, epoch: this.#epoch, sequence, lastSequence }
    const batch = buildProduced(values, timestampMs, stamp)
    this.unknown.push(batch)
    this.recent.push(batch)
    if (this.recent.length > REMEMBERED_BATCHES) this.recent.shift()
    return batch
  }

  settled(batch: ProducedBatch): void {
    this.unknown = this.unknown.filter((other) => other !== batch)
  }

  /** What a client does when the broker lost a batch that it had acknowledged: it begins again under a new epoch. */
  beginAgain(): void {
    this.#epoch++
    this.#nextSequence = 0
    this.unknown = []
    this.recent.length = 0
  }
}

export function buildProduced(
  values: readonly Buffer[],
  timestampMs: number,
  producer: ProducerStamp | null,
): ProducedBatch {
  const records = values.map((value) => ({ key: null, value, timestampMs }))
  const fields =
    producer === null
      ? {}
      : { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence }
  const bytes = buildBatch(records, fields)
  return {
    bytes,
    header: readBatchHeader(bytes),
    body: Buffer.from(bytes.subarray(BODY_STARTS_AT)),
    producer,
    wasSent: false,
  }
}

/** Values that no other batch has, so that no bytes can be taken for others. */
export function drawValues(prng: Prng, label: string, largestBytes: number): Buffer[] {
  return Array.from({ length: prng.between(1, 3) }, (_, index) =>
    Buffer.from(`${label}.${index}`.padEnd(prng.between(0, largestBytes), '.')),
  )
}

/**
 * Derived from the ledger alone. What lay before `startAtOpen`, the log start when this life opened the log, may have
 * been forgotten together with its records; everything else must be known.
 */
export function allowedAnswers(
  ledger: PartitionLedger,
  stamp: ProducerStamp,
  log: { startAtOpen: number; logEndOffset: number },
): AllowedAnswers {
  // A refused batch may have been written all the same, when others of its group were not.
  const history = ledger.lineage.filter(
    (batch) => batch.producer?.id === stamp.id && batch.lastOffset < log.logEndOffset,
  )
  const last = history.at(-1)
  if (last?.producer == null) return { duplicateOf: null, mayAppend: true, mayRefuseSequence: false }
  const { epoch, lastSequence } = last.producer
  const remembered = history.filter((batch) => batch.producer?.epoch === epoch).slice(-REMEMBERED_BATCHES)
  // The last match: a batch whose original was deleted and forgotten may have been appended once more.
  const duplicateOf =
    remembered.findLast(
      ({ producer }) => producer?.epoch === stamp.epoch && producer.sequence === stamp.sequence,
    ) ?? null
  const isNext = stamp.epoch > epoch ? stamp.sequence === 0 : stamp.sequence === lastSequence + 1
  const isOriginalForgotten = duplicateOf !== null && duplicateOf.baseOffset < log.startAtOpen
  const isProducerForgotten = last.lastOffset < log.startAtOpen
  return {
    duplicateOf,
    mayAppend: isProducerForgotten || isOriginalForgotten || (duplicateOf === null && isNext),
    mayRefuseSequence: duplicateOf === null ? !isNext : isOriginalForgotten,
  }
}
