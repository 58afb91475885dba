import type { ConsumerRecord, TopicPartition } from '../consumer/consumer-record.ts'
import { choiceOption, integerOption, nameOption, refuseUnknownOptions } from '../option-check.ts'
import { type Clock, delay } from '../time/clock.ts'
import type { ClaimedRecord, GroupConsumer } from './group-consumer.ts'

/** How records are handed to a handler. */
export interface HandlerOptions {
  /** Records that are handled at a time: ordered by partition, one of each at most. Default 1. */
  readonly concurrency?: number
  /** What stays in order: the records of a key, or of a partition. Default `partition`. */
  readonly orderedBy?: 'key' | 'partition'
  /** How often a record is tried again when the handler throws, with a pause that doubles. Default 0. */
  readonly retries?: number
  /** First pause before a retry, in ms. Default 200. */
  readonly retryBackoffMs?: number
  /**
   * Where a record goes whose last attempt failed, as it is, with headers that say where it came from and
   * why. Without it such a record ends the consuming with the handler's error.
   */
  readonly deadLetterTopic?: string
}

/** What a handler is told besides the record. */
export interface HandlerContext {
  /** 0 for the first attempt. */
  readonly attempt: number
  /** Aborted when another member has got the partition meanwhile. */
  readonly signal: AbortSignal
}

/** The names of the options that concern the handler only. */
export const HANDLER_OPTION_NAMES = [
  'concurrency',
  'orderedBy',
  'retries',
  'retryBackoffMs',
  'deadLetterTopic',
] as const

const LONGEST_PAUSE_MS = 60_000

/** Handles records until the consumer is closed; rejects with the error of a record that could not be handled. */
export class HandlerLoop {
  readonly #clock: Clock
  readonly #consumer: GroupConsumer
  readonly #concurrency: number
  readonly #orderedBy: 'key' | 'partition'
  readonly #retries: number
  readonly #retryBackoffMs: number
  readonly #handle: (record: ConsumerRecord, context: HandlerContext) => Promise<void>
  readonly #bury: ((record: ConsumerRecord, error: unknown) => Promise<void>) | null
  /** The last work of each lane: what is ordered waits for it. */
  readonly #lanes = new Map<string, Promise<void>>()
  readonly #active = new Set<Promise<void>>()
  /** Told when a hand is free. Racing all of `#active` for each record would leave a waiter in the slow ones each time. */
  #onHandFree: () => void = () => {}
  #failure: { readonly error: unknown } | null = null

  constructor(
    clock: Clock,
    consumer: GroupConsumer,
    options: HandlerOptions,
    handle: (record: ConsumerRecord, context: HandlerContext) => Promise<void>,
    bury: ((record: ConsumerRecord, error: unknown) => Promise<void>) | null,
  ) {
    refuseUnknownOptions('consume', options, HANDLER_OPTION_NAMES)
    this.#clock = clock
    this.#consumer = consumer
    this.#concurrency = integerOption('concurrency', options.concurrency, { min: 1, max: 10_000, default: 1 })
    this.#orderedBy = choiceOption('orderedBy', options.orderedBy, ['key', 'partition'], 'partition')
    this.#retries = integerOption('retries', options.retries, { min: 0, max: 1_000_000, default: 0 })
    const backoff = { min: 1, max: LONGEST_PAUSE_MS, default: 200 }
    this.#retryBackoffMs = integerOption('retryBackoffMs', options.retryBackoffMs, backoff)
    nameOption('deadLetterTopic', options.deadLetterTopic, null)
    this.#handle = handle
    this.#bury = bury
  }

  async run(): Promise<void> {
    this.#consumer.drainBeforeClosing(() => Promise.all(this.#active))
    try {
      for (let claimed = await this.#next(); claimed !== null; claimed = await this.#next())
        this.#begin(claimed)
      await Promise.all(this.#active)
    } finally {
      await this.#consumer.close()
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  /** The next record once there is a hand free for it; null after a failure and at the end. */
  async #next(): Promise<ClaimedRecord | null> {
    while (this.#active.size >= this.#concurrency) {
      await new Promise<void>((resolve) => {
        this.#onHandFree = resolve
      })
    }
    if (this.#failure !== null) return null
    if (this.#orderedBy === 'key') return this.#consumer.next()
    // Records that wait for one of their partition would take the hands away from other partitions.
    return this.#consumer.next((place) => !this.#lanes.has(placeOf(place)))
  }

  #begin(claimed: ClaimedRecord): void {
    const lane = this.#laneOf(claimed.record)
    const previous = lane === null ? undefined : this.#lanes.get(lane)
    const work = (previous ?? Promise.resolve()).then(() => this.#work(claimed))
    if (lane !== null) this.#lanes.set(lane, work)
    this.#active.add(work)
    void work.then(() => {
      this.#active.delete(work)
      if (lane !== null && this.#lanes.get(lane) === work) this.#lanes.delete(lane)
      this.#onHandFree()
      this.#consumer.wake()
    })
  }

  /** Null for a record that waits for no other: without a key there is no order of keys to keep. */
  #laneOf(record: ConsumerRecord): string | null {
    const place = placeOf(record)
    if (this.#orderedBy === 'partition') return place
    return record.key === null ? null : `${place}/${record.key.toString('latin1')}`
  }

  /** Never rejects. After a failure the records behind it stay undone, and are handled after a restart. */
  async #work({ record, lost, done }: ClaimedRecord): Promise<void> {
    for (let attempt = 0; this.#failure === null && !lost.aborted; attempt++) {
      try {
        await this.#handle(record, { attempt, signal: lost })
        done()
        return
      } catch (error) {
        // Whoever has the partition now handles the record: stopping at the signal is no failure.
        if (lost.aborted) return
        if (attempt < this.#retries) await delay(this.#clock, this.#pauseMs(attempt), lost)
        else return this.#giveUp(record, error, done)
      }
    }
  }

  async #giveUp(record: ConsumerRecord, error: unknown, done: () => void): Promise<void> {
    try {
      if (this.#bury === null) throw error
      await this.#bury(record, error)
      done()
    } catch (failure) {
      this.#failure ??= { error: failure }
      // Whoever waits for the next record waits in vain.
      void this.#consumer.close()
    }
  }

  #pauseMs(attempt: number): number {
    return Math.min(LONGEST_PAUSE_MS, this.#retryBackoffMs * 2 ** Math.min(attempt, 20))
  }
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
