import type { RecordHeaderInput, ValueCodec } from '@millrace/record-batch'
import type { Cluster } from './cluster.ts'
import type { ConsumerRecord } from './consumer/consumer-record.ts'
import { type ReadOptions, RecordReader } from './consumer/record-reader.ts'
import type { Producer } from './producer/producer.ts'
import type { ProducerRecord, RecordMetadata, SendManyResult } from './producer/producer-record.ts'

/** How keys and values become bytes and back. Without a codec they are bytes, and strings may be sent. */
export interface TopicCodecs<K, V> {
  readonly key?: ValueCodec<K>
  readonly value?: ValueCodec<V>
}

/** One record to be sent to a topic with codecs. A null value is a tombstone on a compacted topic. */
export interface TypedRecord<K, V> {
  readonly key?: K | null
  readonly value: V | null
  readonly headers?: readonly RecordHeaderInput[]
  readonly timestampMs?: number
  readonly partition?: number
}

/** How many records `sendAll` gathers before it waits for room. */
const RECORDS_PER_SEND = 1000

/** One topic, with the types of its keys and values: the friendly face of producer and reader. */
export class Topic<K, V> {
  readonly name: string
  readonly #cluster: Cluster
  readonly #producer: () => Producer
  readonly #codecs: TopicCodecs<K, V>

  /** Made by `client.topic()`. */
  constructor(cluster: Cluster, producer: () => Producer, name: string, codecs: TopicCodecs<K, V>) {
    this.#cluster = cluster
    this.#producer = producer
    this.name = name
    this.#codecs = codecs
  }

  /** Sends one record; resolves when it is acknowledged. Throws what the codec throws. */
  async send(record: TypedRecord<K, V>): Promise<RecordMetadata> {
    return this.#producer().send(this.name, this.#encode(record))
  }

  /** Sends many records with one promise: the cheap path. */
  async sendMany(records: readonly TypedRecord<K, V>[]): Promise<SendManyResult> {
    return this.#producer().sendMany(
      this.name,
      records.map((record) => this.#encode(record)),
    )
  }

  /**
   * Sends everything that an iterable gives, pulling no faster than the broker takes it. Resolves to
   * the number of records when all are acknowledged; stops at the first failure.
   */
  async sendAll(records: AsyncIterable<TypedRecord<K, V>> | Iterable<TypedRecord<K, V>>): Promise<number> {
    let count = 0
    let gathered: ProducerRecord[] = []
    let previous: Promise<SendManyResult> | null = null
    const sendGathered = async (): Promise<void> => {
      const sending = this.#producer().sendMany(this.name, gathered)
      // A failure is thrown where the next group waits for this one, or at the end.
      sending.catch(() => {})
      gathered = []
      await previous
      previous = sending
    }
    for await (const record of records) {
      gathered.push(this.#encode(record))
      count++
      if (gathered.length >= RECORDS_PER_SEND) await sendGathered()
    }
    await sendGathered()
    await previous
    return count
  }

  /** Reads the topic without a group, from where the options say. */
  async *read(options: ReadOptions = {}): AsyncGenerator<ConsumerRecord<K | null, V | null>, void, void> {
    for await (const batch of this.readBatches(options)) {
      for (const record of batch) yield record
    }
  }

  /** As `read`, but gives the records of one batch at a time: cheaper where there are many. */
  async *readBatches(
    options: ReadOptions = {},
  ): AsyncGenerator<ConsumerRecord<K | null, V | null>[], void, void> {
    await using reader = new RecordReader(this.#cluster, this.name, options)
    for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
      yield batch.map((record) => this.#decode(record))
    }
  }

  #encode({ key = null, value, ...rest }: TypedRecord<K, V>): ProducerRecord {
    return {
      ...rest,
      key: encodeWith(this.#codecs.key, key),
      value: encodeWith(this.#codecs.value, value),
    }
  }

  #decode(record: ConsumerRecord): ConsumerRecord<K | null, V | null> {
    return {
      ...record,
      key: decodeWith(this.#codecs.key, record.key),
      value: decodeWith(this.#codecs.value, record.value),
    }
  }
}

function encodeWith<T>(codec: ValueCodec<T> | undefined, value: T | null): Buffer | string | null {
  if (value === null) return null
  if (codec !== undefined) return codec.encode(value)
  // Without a codec the topic's types are bytes: see `client.topic()`.
  return value as Buffer | string
}

function decodeWith<T>(codec: ValueCodec<T> | undefined, bytes: Buffer | null): T | null {
  if (bytes === null) return null
  if (codec !== undefined) return codec.decode(bytes)
  // Without a codec the topic's types are bytes: see `client.topic()`.
  return bytes as T
}
