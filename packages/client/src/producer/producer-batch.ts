import { strict as assert } from 'node:assert'
import {
  BATCH_HEADER_BYTES,
  BatchBuilder,
  type CompressionId,
  crc32c,
  type RecordInput,
  readBatchRecords,
} from '@millrace/record-batch'
import type { Delivery } from './delivery.ts'

/** Who sends, as the broker knows it: it drops what it has seen of this producer before. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Sent by producers that are not idempotent. */
export const NO_IDENTITY: ProducerIdentity = { producerId: -1, producerEpoch: -1 }

const MAX_SEQUENCE = 2 ** 31 - 1
/** Fields of the batch header, see record-batch's batch-header.ts. */
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const PRODUCER_ID_AT = 43
const PRODUCER_EPOCH_AT = 51
const BASE_SEQUENCE_AT = 53

/** A record's sequence `count` records later: the numbers wrap to 0 behind 2^31 - 1 (trap 18). */
export function addToSequence(sequence: number, count: number): number {
  return (sequence + count) % (MAX_SEQUENCE + 1)
}

/**
 * Records on their way to one partition: first being gathered, then one encoded batch that keeps its
 * bytes and its sequence through every retry.
 */
export class ProducerBatch {
  readonly createdMs: number
  /** When the delivery time of its first record is over, and with it that of the others: they share their fate. */
  readonly deadlineMs: number
  /** The bytes charged to the buffer budget, until the batch is settled. */
  chargedBytes = 0
  /** How often it was sent. */
  attempts = 0
  isInFlight = false
  /** When the broker first said that its disk failed, in ms of the monotonic clock. */
  diskFailingSinceMs: number | null = null
  /** Why the last attempt came to nothing. */
  lastError: Error | null = null
  identity: ProducerIdentity = NO_IDENTITY
  baseSequence = -1
  #builder: BatchBuilder | null
  #encoded: Buffer | null = null
  #deliveries: Delivery[] = []
  #indexes: number[] = []
  #settledWaiters: (() => void)[] = []

  constructor(createdMs: number, deadlineMs: number, builder: BatchBuilder) {
    this.createdMs = createdMs
    this.deadlineMs = deadlineMs
    this.#builder = builder
  }

  get recordCount(): number {
    return this.#deliveries.length
  }

  /** Before compression while it is being gathered, as sent afterwards. */
  get sizeBytes(): number {
    return this.#encoded?.length ?? this.#builder?.sizeBytes ?? 0
  }

  get encoded(): Buffer | null {
    return this.#encoded
  }

  /** False when the record does not fit; an empty batch takes a record of any size. */
  tryAppend(record: RecordInput, maxBytes: number, delivery: Delivery, index: number): boolean {
    const builder = this.#builder
    assert(builder !== null, 'a record for a batch that is closed')
    if (builder.recordCount === 0) builder.append(record)
    else if (!builder.tryAppend(record, maxBytes)) return false
    this.#deliveries.push(delivery)
    this.#indexes.push(index)
    return true
  }

  /** Encodes the records; the batch takes no more of them. Gives the builder back for the next one. */
  encode(identity: ProducerIdentity, baseSequence: number, compression: CompressionId): BatchBuilder {
    const builder = this.#builder
    assert(builder !== null, 'a batch is encoded once')
    this.identity = identity
    this.baseSequence = baseSequence
    this.#encoded = builder.finish({ ...identity, baseSequence, compression })
    this.#builder = null
    return builder
  }

  /** Gives an encoded batch another identity and sequence, which the CRC covers. */
  restamp(identity: ProducerIdentity, baseSequence: number): void {
    const batch = this.#encoded
    assert(batch !== null, 'only an encoded batch is stamped again')
    this.identity = identity
    this.baseSequence = baseSequence
    batch.writeBigInt64BE(BigInt(identity.producerId), PRODUCER_ID_AT)
    batch.writeInt16BE(identity.producerEpoch, PRODUCER_EPOCH_AT)
    batch.writeInt32BE(baseSequence, BASE_SEQUENCE_AT)
    batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
  }

  /**
   * Two batches with half of the records each, for a broker that finds this one too large. Their
   * sequences join up as those of the whole did. The bytes charged go to the first.
   */
  split(compression: CompressionId): [ProducerBatch, ProducerBatch] {
    const encoded = this.#encoded
    assert(encoded !== null && this.recordCount > 1, 'only a batch of several records is split')
    const records = readBatchRecords(encoded)
    const middle = records.length >> 1
    const halves = [
      this.#part(records, 0, middle, compression),
      this.#part(records, middle, records.length, compression),
    ]
    const [first, second] = halves
    assert(first !== undefined && second !== undefined)
    first.chargedBytes = this.chargedBytes
    const waiters = this.#settledWaiters.splice(0)
    second.#settledWaiters = waiters
    return [first, second]
  }

  delivered(partition: number, baseOffset: number, appendTimeMs: number): void {
    for (let i = 0; i < this.#deliveries.length; i++) {
      const offset = baseOffset < 0 ? -1 : baseOffset + i
      this.#deliveries[i]?.delivered(this.#indexes[i] ?? 0, partition, offset, appendTimeMs)
    }
    this.#settled()
  }

  /** `errorOf` may know more about single records than about the batch. */
  failed(errorOf: (record: number) => Error): void {
    for (let i = 0; i < this.#deliveries.length; i++) {
      this.#deliveries[i]?.failed(this.#indexes[i] ?? 0, errorOf(i))
    }
    this.#settled()
  }

  /** Resolves when every record was delivered or failed. */
  whenSettled(): Promise<void> {
    return new Promise((resolve) => this.#settledWaiters.push(resolve))
  }

  #part(
    records: readonly RecordInput[],
    from: number,
    to: number,
    compression: CompressionId,
  ): ProducerBatch {
    const builder = new BatchBuilder(BATCH_HEADER_BYTES)
    const part = new ProducerBatch(this.createdMs, this.deadlineMs, builder)
    for (let i = from; i < to; i++) {
      const record = records[i]
      const delivery = this.#deliveries[i]
      assert(record !== undefined && delivery !== undefined)
      part.tryAppend(record, Number.POSITIVE_INFINITY, delivery, this.#indexes[i] ?? 0)
    }
    const sequence = this.baseSequence < 0 ? -1 : addToSequence(this.baseSequence, from)
    part.encode(this.identity, sequence, compression)
    return part
  }

  #settled(): void {
    this.#deliveries = []
    this.#indexes = []
    for (const resolve of this.#settledWaiters.splice(0)) resolve()
  }
}
