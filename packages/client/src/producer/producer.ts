import type { RecordInput } from '@millrace/record-batch'
import { ClientError } from '../client-error.ts'
import { CloseDeadline, type CloseOptions, closeTimeoutMs } from '../closing.ts'
import type { Cluster } from '../cluster.ts'
import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import { requiredName } from '../option-check.ts'
import { BufferBudget } from './buffer-budget.ts'
import { type Delivery, ManyDelivery, SingleDelivery } from './delivery.ts'
import { partitionOfKey } from './partitioner.ts'
import { type ProducerOptions, type ProducerSettings, resolveProducerOptions } from './producer-options.ts'
import type { ProducerRecord, RecordMetadata, SendManyResult } from './producer-record.ts'
import { checkRecords, isRecord, noRecord, recordProblem } from './record-check.ts'
import { Sender } from './sender.ts'
import { TopicQueues } from './topic-queues.ts'

/** After so many bytes `sendMany` lets the event loop turn: batches leave while the rest is encoded. */
const BYTES_PER_TURN = 256 * 1024

/**
 * Sends records. By default a record counts as written when it is on stable storage, is written
 * once however often it had to be sent, and keeps its place among the records of its partition.
 */
export class Producer implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #budget: BufferBudget
  readonly #sender: Sender
  readonly #topics = new Map<string, TopicQueues>()
  readonly #deadline: CloseDeadline
  #closing: Promise<void> | null = null
  readonly #closed = Promise.withResolvers<void>()

  /** Made by `client.producer()`. */
  constructor(cluster: Cluster, options: ProducerOptions) {
    this.#cluster = cluster
    this.#settings = resolveProducerOptions(options)
    this.#budget = new BufferBudget(this.#settings.bufferBytes)
    this.#sender = new Sender(cluster, this.#settings, this.#budget)
    this.#deadline = new CloseDeadline(cluster.settings.clock)
  }

  /** Resolves when the producer has been closed. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Bytes of records that wait to be sent or answered. */
  get bufferedBytes(): number {
    return this.#budget.usedBytes
  }

  /**
   * Sends one record; resolves when it is acknowledged. Bytes are copied before this returns, unless
   * the call has to wait: then they must not change before it resolves.
   */
  send(topic: string, record: ProducerRecord): Promise<RecordMetadata> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      if (!isRecord(record)) throw noRecord(record)
      const queues = this.#queues(topic)
      const { topic: metadata, gate } = queues
      const nowMs = this.#cluster.settings.clock.nowMs()
      const delivery = new SingleDelivery(topic, record.timestampMs ?? nowMs, resolve, reject)
      if (metadata !== null && gate.isFree && !this.#budget.isFull && this.#closing === null) {
        this.#append(queues, metadata, record, nowMs, delivery, 0)
      } else {
        delivery.startMs = this.#cluster.settings.clock.monotonicMs()
        this.#sendLater(queues, [record], delivery, nowMs).catch(reject)
      }
    })
  }

  /**
   * Sends many records with one promise: the cheap path. Resolves when all are acknowledged; rejects
   * with a `SendManyError`, which tells of each record what became of it. Waits by itself while the
   * buffer is full, so any number may be given.
   */
  async sendMany(topic: string, records: readonly ProducerRecord[]): Promise<SendManyResult> {
    checkRecords(records)
    const delivery = new ManyDelivery(topic, records.length)
    // Told apart from the wait below: records may fail while later ones still wait for room.
    delivery.done.catch(() => {})
    await this.#sendLater(this.#queues(topic), records, delivery, this.#cluster.settings.clock.nowMs())
    return delivery.done
  }

  /** Resolves when every record sent before this call is acknowledged or has failed. */
  async flush(): Promise<void> {
    for (const { gate } of this.#topics.values()) {
      await gate.enter()
      gate.leave()
    }
    await this.#sender.flush()
  }

  /** Flushes, for at most `timeoutMs` (default: the delivery timeout), and fails what is left. Idempotent. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#deadline.atMost(closeTimeoutMs(options, this.#settings.deliveryTimeoutMs))
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    await Promise.race([this.flush(), this.#deadline.passed])
    this.#deadline.cancel()
    const failure = closed()
    for (const { gate } of this.#topics.values()) gate.close(failure)
    this.#sender.close(failure)
    this.#closed.resolve()
  }

  /** Waits for its turn, for the topic and for room, record by record. */
  async #sendLater(
    queues: TopicQueues,
    records: readonly ProducerRecord[],
    delivery: Delivery,
    nowMs: number,
  ): Promise<void> {
    if (this.#closing !== null) throw closed()
    const deadlineMs = this.#cluster.settings.clock.monotonicMs() + this.#settings.deliveryTimeoutMs
    await queues.gate.enter()
    try {
      let metadata = queues.topic ?? (await queues.load(deadlineMs))
      let turnStartBytes = this.#budget.takenBytes
      for (let index = 0; index < records.length; index++) {
        while (this.#budget.isFull) await this.#budget.whenFreed()
        const record = records[index]
        if (record === undefined) delivery.failed(index, noRecord(record))
        else this.#append(queues, metadata, record, nowMs, delivery, index)
        if (this.#budget.takenBytes - turnStartBytes > BYTES_PER_TURN) {
          await new Promise<void>((resolve) => this.#cluster.settings.clock.endOfTurn(resolve))
          turnStartBytes = this.#budget.takenBytes
          metadata = queues.topic ?? metadata
        }
      }
    } finally {
      queues.gate.leave()
    }
  }

  #append(
    queues: TopicQueues,
    metadata: TopicMetadata,
    record: ProducerRecord,
    nowMs: number,
    delivery: Delivery,
    index: number,
  ): void {
    const problem = recordProblem(record)
    if (problem !== null) {
      delivery.failed(index, problem)
      return
    }
    const { key = null, value, headers, timestampMs = nowMs } = record
    const partitionCount = metadata.partitions.length
    let partition = record.partition
    if (partition === undefined && key !== null) {
      partition = partitionOfKey(typeof key === 'string' ? Buffer.from(key) : key, partitionCount)
    }
    if (partition !== undefined && !(partition >= 0 && partition < partitionCount)) {
      const message = `topic "${queues.name}" has ${partitionCount} partitions, and no partition ${partition}`
      delivery.failed(index, new ClientError('UNKNOWN_PARTITION', message))
      return
    }
    const input: RecordInput =
      headers === undefined ? { key, value, timestampMs } : { key, value, timestampMs, headers }
    const isSticky = partition === undefined
    const isBatchFull = this.#sender.append(
      queues,
      partition ?? queues.sticky.pick(metadata),
      input,
      delivery,
      index,
    )
    if (isSticky && isBatchFull) queues.sticky.moveOn()
  }

  #queues(topic: string): TopicQueues {
    const existing = this.#topics.get(topic)
    if (existing !== undefined) return existing
    const created = new TopicQueues(this.#cluster, requiredName('topic', topic))
    this.#topics.set(topic, created)
    return created
  }
}

function closed(): ClientError {
  return new ClientError('CLOSED', 'the producer is closed')
}
