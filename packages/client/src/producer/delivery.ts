import { ClientError } from '../client-error.ts'
import type { RecordMetadata, SendManyResult } from './producer-record.ts'

/** Told once for each record of a send what became of it. `index` is the record's place in the call. */
export interface Delivery {
  /** When its delivery time began, in ms of the monotonic clock; null: when the record came into a batch. */
  readonly startMs: number | null
  delivered(index: number, partition: number, offset: number, appendTimeMs: number): void
  failed(index: number, error: Error): void
}

/** The promise of one record. */
export class SingleDelivery implements Delivery {
  /** Set where the record has to wait before it comes into a batch. */
  startMs: number | null = null
  readonly #topic: string
  readonly #timestampMs: number
  readonly #resolve: (metadata: RecordMetadata) => void
  readonly #reject: (error: Error) => void

  constructor(
    topic: string,
    timestampMs: number,
    resolve: (metadata: RecordMetadata) => void,
    reject: (error: Error) => void,
  ) {
    this.#topic = topic
    this.#timestampMs = timestampMs
    this.#resolve = resolve
    this.#reject = reject
  }

  delivered(_index: number, partition: number, offset: number, appendTimeMs: number): void {
    const timestampMs = appendTimeMs >= 0 ? appendTimeMs : this.#timestampMs
    this.#resolve({ topic: this.#topic, partition, offset, timestampMs })
  }

  failed(_index: number, error: Error): void {
    this.#reject(error)
  }
}

/** The failure of a `sendMany`: which records were written where, and the error of each that was not. */
export class SendManyError extends ClientError {
  readonly result: SendManyResult
  /** By the record's place in the call. */
  readonly errors: ReadonlyMap<number, Error>

  constructor(result: SendManyResult, errors: ReadonlyMap<number, Error>) {
    const [first] = errors.values()
    const message = `${errors.size} of ${result.offsets.length} records were not written: ${first?.message}`
    super('DELIVERY_FAILED', message, { cause: first })
    this.result = result
    this.errors = errors
  }
}

/** One promise for many records: costs two array stores a record instead of a promise each. */
export class ManyDelivery implements Delivery {
  /** Of any number of records the last ones may wait long for room, while the first ones are delivered. */
  readonly startMs = null
  readonly done: Promise<SendManyResult>
  readonly #result: SendManyResult
  readonly #errors = new Map<number, Error>()
  #remaining: number
  #resolve: (result: SendManyResult) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(topic: string, recordCount: number) {
    this.#remaining = recordCount
    const offsets = new Float64Array(recordCount).fill(-1)
    this.#result = { topic, partitions: new Int32Array(recordCount).fill(-1), offsets }
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (recordCount === 0) this.#resolve(this.#result)
  }

  delivered(index: number, partition: number, offset: number): void {
    this.#result.partitions[index] = partition
    this.#result.offsets[index] = offset
    if (--this.#remaining === 0) this.#settle()
  }

  failed(index: number, error: Error): void {
    this.#errors.set(index, error)
    if (--this.#remaining === 0) this.#settle()
  }

  #settle(): void {
    if (this.#errors.size === 0) this.#resolve(this.#result)
    else this.#reject(new SendManyError(this.#result, this.#errors))
  }
}
