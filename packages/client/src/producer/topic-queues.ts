import { ClientError } from '../client-error.ts'
import type { Cluster } from '../cluster.ts'
import { backoffMs } from '../connection/backoff.ts'
import { isRetriable } from '../connection/retry.ts'
import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import { delay } from '../time/clock.ts'
import { Gate } from './gate.ts'
import { PartitionQueue } from './partition-queue.ts'
import { StickyPartition } from './partitioner.ts'

/**
 * A broker that creates topics by itself may do so a moment after it was first asked; so long an
 * unknown topic is asked for again.
 */
const CREATION_GRACE_MS = 5_000
/**
 * A topic that was there may be made again, or be unknown to a broker that is late. When metadata
 * says so for longer than this, it was deleted, and whoever sends to it should not wait for the
 * delivery timeout to learn of it.
 */
const GONE_PATIENCE_MS = 10_000

/** What a producer keeps for one topic: who leads its partitions, and the queue of each. */
export class TopicQueues {
  readonly name: string
  readonly gate = new Gate()
  readonly sticky: StickyPartition
  readonly #cluster: Cluster
  readonly #queues: PartitionQueue[] = []
  #topic: TopicMetadata | null = null
  /** What the last attempt to read it came to: a send that waited its time out behind another made none of its own. */
  #loadError: unknown = null
  /** A broker said that it does not lead: do not send before the metadata was read again. */
  #isLeaderDoubtful = false
  /** When metadata first said that there is no such topic, since it last said that there is; in ms of the monotonic clock. */
  #goneSinceMs: number | null = null

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster
    this.name = name
    this.sticky = new StickyPartition(() => cluster.settings.clock.random())
  }

  /** The topic as last read, perhaps long ago; null before the first time. */
  get topic(): TopicMetadata | null {
    return this.#topic
  }

  queue(partition: number): PartitionQueue {
    const existing = this.#queues[partition]
    if (existing !== undefined) return existing
    const created = new PartitionQueue(this.name, partition)
    this.#queues[partition] = created
    return created
  }

  /** The node that leads the partition; -1 when there is none, or when that has to be read (again) first. */
  leader(partition: number): number {
    if (this.#isLeaderDoubtful || this.#topic === null) return -1
    return this.#topic.partitions[partition]?.leader ?? -1
  }

  doubtLeader(): void {
    this.#isLeaderDoubtful = true
    this.#cluster.metadata.markStale(this.name)
  }

  /** Whether the metadata is worth reading again, for new partitions if for nothing else. */
  get isOutdated(): boolean {
    return this.#isLeaderDoubtful || this.#cluster.metadata.cached(this.name) === undefined
  }

  /**
   * Reads the topic for the first time: rejects with UNKNOWN_TOPIC when there is none, and at the deadline, in
   * ms of the monotonic clock, with DELIVERY_TIMED_OUT and what the last attempt came to.
   */
  async load(deadlineMs: number): Promise<TopicMetadata> {
    const { clock } = this.#cluster.settings
    const startMs = clock.monotonicMs()
    let isOver = startMs >= deadlineMs
    const settled = new AbortController()
    const deadline = delay(clock, Math.max(0, deadlineMs - startMs), settled.signal).then(() => {
      isOver = true
      return null
    })
    try {
      for (let attempt = 0; !isOver; attempt++) {
        const topic = await Promise.race([this.#tryToLoad(startMs), deadline])
        if (topic !== null) return topic
        const pauseMs = backoffMs(attempt, this.#cluster.settings, clock)
        await Promise.race([delay(clock, pauseMs, settled.signal), deadline])
      }
      throw this.#notFoundInTime()
    } finally {
      settled.abort()
    }
  }

  /** Null after a failure that may pass; rejects with any other. */
  async #tryToLoad(startMs: number): Promise<TopicMetadata | null> {
    try {
      const topic = await this.#cluster.metadata.topic(this.name, { mayCreate: true })
      this.#accept(topic)
      return topic
    } catch (error) {
      this.#loadError = error
      const isBeingCreated = error instanceof ClientError && error.code === 'UNKNOWN_TOPIC'
      const ageMs = this.#cluster.settings.clock.monotonicMs() - startMs
      if (isBeingCreated ? ageMs < CREATION_GRACE_MS : isRetriable(error)) return null
      throw error
    }
  }

  /** Of a topic that no broker knows that is told, however short the time was. */
  #notFoundInTime(): ClientError {
    const cause = this.#loadError
    if (cause instanceof ClientError && cause.code === 'UNKNOWN_TOPIC') return cause
    const last = cause instanceof Error ? `; last: ${cause.message}` : ''
    const message = `topic "${this.name}" could not be looked up within the delivery timeout, and nothing was sent${last}`
    return new ClientError('DELIVERY_TIMED_OUT', message, cause === null ? {} : { cause })
  }

  /**
   * Reads the topic again. What may pass by itself is tried once more after a pause and then left as
   * it was known; rejects with what will not pass: UNKNOWN_TOPIC, too, once the topic has been gone for long.
   */
  async refresh(): Promise<void> {
    const { clock } = this.#cluster.settings
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        this.#accept(await this.#cluster.metadata.topic(this.name, { mayCreate: false }))
        return
      } catch (error) {
        const isGone = error instanceof ClientError && error.code === 'UNKNOWN_TOPIC'
        if (isGone) this.#stillGone(error)
        else if (!isRetriable(error)) throw error
        await delay(clock, backoffMs(attempt, this.#cluster.settings, clock))
      }
    }
  }

  /** Throws when the topic has been gone for too long; whoever sends next begins as if it had never been there. */
  #stillGone(cause: ClientError): void {
    const nowMs = this.#cluster.settings.clock.monotonicMs()
    this.#goneSinceMs ??= nowMs
    if (nowMs - this.#goneSinceMs < GONE_PATIENCE_MS) return
    this.#goneSinceMs = null
    this.#topic = null
    const message = `topic "${this.name}" was deleted: metadata has not known it for ${GONE_PATIENCE_MS} ms`
    throw new ClientError('UNKNOWN_TOPIC', message, { cause })
  }

  #accept(topic: TopicMetadata): void {
    this.#goneSinceMs = null
    this.#loadError = null
    this.#topic = topic
    this.#isLeaderDoubtful = false
  }
}
