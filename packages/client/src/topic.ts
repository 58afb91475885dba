import type { RecordHeaderInput, ValueCodec } from '@millrace/record-batch'
import { ClientError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import type { ConsumerRecord } from './consumer/consumer-record.ts'
import { decodeBytes, type RecordCodecs } from './consumer/record-fields.ts'
import { type ReadOptions, RecordReader } from './consumer/record-reader.ts'
import type { GroupConsumer } from './groups/group-consumer.ts'
import { GROUP_OPTION_NAMES, type GroupOptions, type TopicGroupOptions } from './groups/group-options.ts'
import {
  HANDLER_OPTION_NAMES,
  type HandlerContext,
  HandlerLoop,
  type HandlerOptions,
} from './groups/handler-loop.ts'
import type { TopicSelection } from './groups/topic-selection.ts'
import { functionOption, invalidOption, refuseUnknownOptions, requiredName } from './option-check.ts'
import type { Producer } from './producer/producer.ts'
import type { ProducerRecord, RecordMetadata, SendManyResult } from './producer/producer-record.ts'
import { checkRecords, isRecord, noRecord } from './producer/record-check.ts'

/** How keys and values become bytes and back. Without a codec they are bytes, and strings may be sent. */
export type TopicCodecs<K, V> = RecordCodecs<K, V>

/** What may be given for a key or a value: what its type says, and text for bytes, which goes out as UTF-8. */
export type Sendable<T> = T extends Buffer ? Buffer | string : T

/** One record to be sent to a topic with codecs. A null value is a tombstone on a compacted topic. */
export interface TypedRecord<K, V> {
  readonly key?: Sendable<K> | null
  readonly value: Sendable<V> | null
  readonly headers?: readonly RecordHeaderInput[]
  readonly timestampMs?: number
  readonly partition?: number
}

/** What a topic needs of its client. */
export interface TopicOwner {
  readonly cluster: Cluster
  sharedProducer(): Producer
  consume(topics: TopicSelection, options: GroupOptions): GroupConsumer
}

/** Handles one record. It counts as handled when the promise resolves. */
export type RecordHandler<K, V> = (
  record: ConsumerRecord<K | null, V | null>,
  context: HandlerContext,
) => void | Promise<void>

/** How many records `sendAll` gathers before it waits for room. */
const RECORDS_PER_SEND = 1000

/** One topic, with the types of its keys and values: the friendly face of producer and reader. */
export class Topic<K, V> {
  readonly name: string
  readonly #owner: TopicOwner
  readonly #codecs: TopicCodecs<K, V>

  /** Made by `client.topic()`. */
  constructor(owner: TopicOwner, name: string, codecs: TopicCodecs<K, V>) {
    this.#owner = owner
    this.name = requiredName('topic', name)
    this.#codecs = codecs
  }

  /** Sends one record; resolves when it is acknowledged. Throws what the codec throws. */
  async send(record: TypedRecord<K, V>): Promise<RecordMetadata> {
    return this.#owner.sharedProducer().send(this.name, this.#encode(record))
  }

  /** Sends many records with one promise: the cheap path. */
  async sendMany(records: readonly TypedRecord<K, V>[]): Promise<SendManyResult> {
    checkRecords(records)
    return this.#owner.sharedProducer().sendMany(
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
    let previous: Promise<unknown> = Promise.resolve()
    const sendGathered = async (): Promise<void> => {
      const sending = this.#owner.sharedProducer().sendMany(this.name, gathered)
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

  /** As `read`, but gives records of one partition together, some hundred at most: cheaper where there are many. */
  async *readBatches(
    options: ReadOptions = {},
  ): AsyncGenerator<ConsumerRecord<K | null, V | null>[], void, void> {
    await using reader = new RecordReader(this.#owner.cluster, this.name, options, this.#codecs)
    for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) yield batch
  }

  /**
   * Reads the topic as a member of a group. Without a handler: asking for the next record marks the one
   * before as done, and leaving the loop commits what is done and leaves the group. With a handler:
   * resolves when `signal` is aborted; rejects with the error of a record that could not be handled.
   */
  consume(options: TopicGroupOptions): AsyncGenerator<ConsumerRecord<K | null, V | null>, void, void>
  consume(options: TopicGroupOptions & HandlerOptions, handler: RecordHandler<K, V>): Promise<void>
  consume(
    options: TopicGroupOptions & HandlerOptions,
    handler?: RecordHandler<K, V>,
  ): AsyncGenerator<ConsumerRecord<K | null, V | null>, void, void> | Promise<void> {
    return handler === undefined ? this.#iterate(withoutHandler(options)) : this.#handle(options, handler)
  }

  async *#iterate(options: GroupOptions): AsyncGenerator<ConsumerRecord<K | null, V | null>, void, void> {
    const consumer = this.#owner.consume([this.name], options)
    for await (const record of consumer) yield decodeBytes(record, this.#codecs)
  }

  async #handle(options: GroupOptions & HandlerOptions, handler: RecordHandler<K, V>): Promise<void> {
    refuseUnknownOptions('consume', options, [...GROUP_OPTION_NAMES, ...HANDLER_OPTION_NAMES])
    refuseManualCommit(options)
    const { group, handling } = splitOptions(options)
    functionOption('handler', handler, handler)
    const { deadLetterTopic } = handling
    const loop = new HandlerLoop(
      this.#owner.cluster.settings.clock,
      this.#owner.consume([this.name], group),
      handling,
      async (record, context) => handler(decodeBytes(record, this.#codecs), context),
      deadLetterTopic === undefined ? null : (record, error) => this.#bury(deadLetterTopic, record, error),
    )
    await loop.run()
  }

  /** Sends a record that could not be handled to another topic, with where it came from and why. */
  async #bury(topic: string, record: ConsumerRecord, error: unknown): Promise<void> {
    const { key, value, timestampMs } = record
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const headers = [
      ...record.headers,
      { key: 'millrace.dead.topic', value: record.topic },
      { key: 'millrace.dead.partition', value: String(record.partition) },
      { key: 'millrace.dead.offset', value: String(record.offset) },
      { key: 'millrace.dead.reason', value: reason },
    ]
    try {
      await this.#owner.sharedProducer().send(topic, { key, value, timestampMs, headers })
    } catch (cause) {
      const where = `offset ${record.offset} of ${record.topic}/${record.partition}`
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `the record at ${where}, which could not be handled (${reason}), cannot be put into "${topic}": ${why}`
      throw new ClientError('DELIVERY_FAILED', message, { cause, whatToDo: 'check the dead-letter topic' })
    }
  }

  #encode(record: TypedRecord<K, V>): ProducerRecord {
    if (!isRecord(record)) throw noRecord(record)
    const { key = null, value, ...rest } = record
    return {
      ...rest,
      key: encodeWith(this.#codecs.key, key),
      value: encodeWith(this.#codecs.value, value),
    }
  }
}

/** Takes apart what is about the group and what is about the handler. */
function splitOptions(options: GroupOptions & HandlerOptions): {
  group: GroupOptions
  handling: HandlerOptions
} {
  const isHandling = (name: string): boolean => HANDLER_OPTION_NAMES.some((known) => known === name)
  const entries = Object.entries(options)
  const pick = (isPicked: (name: string) => boolean): object =>
    Object.fromEntries(entries.filter(([name]) => isPicked(name)))
  return { group: { group: options.group, ...pick((name) => !isHandling(name)) }, handling: pick(isHandling) }
}

/** An option that would do nothing is told: it may have been meant to put records aside. */
function withoutHandler(options: GroupOptions): GroupOptions {
  refuseManualCommit(options)
  const meant = HANDLER_OPTION_NAMES.find((name) => name in Object(options))
  if (meant === undefined) return options
  throw new ClientError(
    'INVALID_OPTION',
    `${meant} is an option of consume() with a handler, and there is none`,
  )
}

/** Programs without types may name it, and would commit nothing, ever. */
function refuseManualCommit(options: GroupOptions): void {
  if (options?.commit !== 'manual') return
  throw invalidOption('commit', 'manual', "'interval' or 'each': for commits by hand take client.consume()")
}

function encodeWith<T>(codec: ValueCodec<T> | undefined, value: Sendable<T> | null): Buffer | string | null {
  // Without a codec the topic's types are bytes: see `client.topic()`. What was left out has nothing to be
  // encoded, and is told by the producer.
  if (value === null || value === undefined || codec === undefined) return value as Buffer | string | null
  // Text for bytes is passed on by a codec for bytes.
  return codec.encode(value as T)
}
