import { KafkaError } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import { LIMITS } from '../client-limits.ts'
import { CloseDeadline, type CloseOptions, closeTimeoutMs } from '../closing.ts'
import type { Cluster } from '../cluster.ts'
import { isRetriable } from '../connection/retry.ts'
import { ChunkDecoder } from '../consumer/chunk-decoder.ts'
import type { ConsumerRecord, TopicPartition } from '../consumer/consumer-record.ts'
import type { FetchPartition } from '../consumer/fetch-partition.ts'
import { Fetcher } from '../consumer/fetcher.ts'
import { checkPlace, checkPlaces, requiredInteger } from '../option-check.ts'
import { delay, type Timer } from '../time/clock.ts'
import { AdaptiveSession } from './adaptive-session.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import { Assignments } from './assignments.ts'
import { type GroupOptions, type GroupSettings, resolveGroupOptions } from './group-options.ts'
import type { GroupSession } from './group-session.ts'
import { Progress, type Stall } from './progress.ts'
import { StallWatch } from './stall-watch.ts'
import { checkSelection, type TopicSelection } from './topic-selection.ts'

/** A record in the program's hands. It counts as handled when `done()` is called. */
export interface ClaimedRecord {
  readonly record: ConsumerRecord
  /** Aborted when another member has the partition: what is done with the record then is done twice. */
  readonly lost: AbortSignal
  /** Calling it again changes nothing. */
  done(): void
}

/** Records of one partition that are being handed out. */
interface OpenChunk {
  readonly decoder: ChunkDecoder
  readonly sizeBytes: number
  records: ConsumerRecord[]
  index: number
}

/**
 * Reads topics as a member of a group: the partitions are shared with the other members, and what is
 * handled is committed, so that it goes on there after a restart or in another member.
 */
export class GroupConsumer implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #signal: AbortSignal | undefined
  readonly #fetcher: Fetcher
  readonly #assignments: Assignments
  readonly #session: AdaptiveSession
  readonly #progress: Progress
  readonly #stallWatch: StallWatch
  /** What a handler has in its hands is waited for before the last commit. Null without a handler. */
  #drain: (() => Promise<unknown>) | null = null
  /** Resolves when the program itself says that it has ended: nothing in its hands will be done any more. */
  readonly #leftAlone = Promise.withResolvers<void>()
  /** What is being handed out, oldest first. Several only where `next` is told to leave out a partition that is busy. */
  readonly #open = new Map<AssignedPartition, OpenChunk>()
  #running: Promise<void> | null = null
  #failure: Error | null = null
  #commitTimer: Timer | null = null
  #isCommitting = false
  readonly #deadline: CloseDeadline
  #closing: Promise<void> | null = null
  readonly #closed = Promise.withResolvers<void>()

  /** Made by `client.consume()` and `topic.consume()`. */
  constructor(cluster: Cluster, topics: TopicSelection, options: GroupOptions) {
    this.#cluster = cluster
    checkSelection(topics)
    this.#settings = resolveGroupOptions(options)
    this.#signal = options.signal
    const { readAheadBytes, isolation } = this.#settings
    this.#fetcher = new Fetcher(cluster, {
      readAheadBytes,
      partitionBytes: Math.min(LIMITS.partitionBytes, readAheadBytes),
      maxWaitMs: LIMITS.fetchWaitMs,
      minBytes: 1,
      isolation,
      giveUpAfterMs: Number.POSITIVE_INFINITY,
    })
    const assignments = (session: GroupSession): Assignments =>
      new Assignments(cluster, this.#settings, session, this.#fetcher)
    this.#session = new AdaptiveSession(cluster, this.#settings, topics, assignments)
    this.#assignments = this.#session.assignments
    this.#deadline = new CloseDeadline(cluster.settings.clock)
    this.#progress = new Progress(cluster.settings.clock)
    this.#stallWatch = new StallWatch(cluster, this.#settings, this.#session, this.#progress)
  }

  /** Resolves when the consumer has been closed. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** The member id that the broker gave; empty before the first join. */
  get memberId(): string {
    return this.#session.memberId
  }

  /** The partitions that this member has now. */
  get assignment(): readonly TopicPartition[] {
    return this.#assignments.all().map(({ topic, partition }) => ({ topic, partition }))
  }

  /**
   * The next record, which is in the program's hands until its `done()`; null when the consumer is closed. With
   * `mayGive`: the next of a partition that it allows; `wake()` makes it look again. Of a partition with 10,000
   * records that are done behind one that is not, nothing more is given until that one is.
   */
  async next(mayGive: (place: TopicPartition) => boolean = () => true): Promise<ClaimedRecord | null> {
    this.#start()
    while (this.#closing === null) {
      const claimed = this.#claim(mayGive)
      if (claimed !== null) return claimed
      if (this.#failure !== null) throw this.#failure
      await this.#fetchMore(mayGive)
    }
    return null
  }

  /** Makes a `next()` that waits look again which partitions it may give. */
  wake(): void {
    this.#fetcher.wake()
  }

  /** Commits everything that is done, now. */
  async commit(): Promise<void> {
    try {
      await this.#assignments.commit()
      this.#progress.committed()
    } catch (error) {
      this.#progress.commitFailed(toError(error))
      throw error
    }
  }

  /** Why the consumer has not got on for `stallAfterMs`, or null: then it does. */
  get stall(): Stall | null {
    return this.#stallWatch.look()
  }

  /** Hands out nothing of these partitions, or of all, until `resume`. They stay this member's. */
  pause(partitions: readonly TopicPartition[] = this.assignment): void {
    this.#assignments.pause(this.#assigned(partitions), true)
  }

  resume(partitions: readonly TopicPartition[] = this.assignment): void {
    this.#assignments.pause(this.#assigned(partitions), false)
  }

  /** Goes on from this offset. Throws UNKNOWN_PARTITION for one that this member does not have. */
  seek(place: TopicPartition & { readonly offset: number }): void {
    const assigned = this.#oneAssigned(place)
    const offset = requiredInteger('offset', place.offset, { min: 0, max: Number.MAX_SAFE_INTEGER })
    this.#assignments.seek(assigned, offset)
  }

  /** As `seek`: goes on at the first record that is not older than `time`, or at the end when all are. */
  async seekToTime(place: TopicPartition & { readonly time: number | Date }): Promise<void> {
    const assigned = this.#oneAssigned(place)
    const timeMs = place.time instanceof Date ? place.time.getTime() : place.time
    requiredInteger('time', timeMs, { min: 0, max: Number.MAX_SAFE_INTEGER })
    await this.#assignments.seekToTime(assigned, timeMs)
  }

  /** Before closing, `drain` is waited for, half of the rebalance timeout at most: then what is done is committed. */
  drainBeforeClosing(drain: () => Promise<unknown>): void {
    this.#drain = drain
  }

  /** Asking for the next record marks the one before as done. Leaving the loop closes the consumer. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord, void, void> {
    try {
      for (let claimed = await this.next(); claimed !== null; claimed = await this.next()) {
        yield claimed.record
        claimed.done()
      }
    } finally {
      await this.close()
    }
  }

  /**
   * Commits what is done and leaves the group. A handler finishes first what it has in its hands, within half of
   * the rebalance timeout. Without `timeoutMs` a broker that is away is waited for as any call does. Idempotent.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#deadline.atMost(closeTimeoutMs(options, null))
    this.#leftAlone.resolve()
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close()`, but what is in the program's hands may be finished first, since it learns only now of the end. */
  readonly #onAbort = (): void => {
    this.#closing ??= this.#close()
  }

  #start(): void {
    if (this.#running !== null) return
    if (this.#signal?.aborted) return void this.close()
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#running = this.#session.run().catch((error: unknown) => this.#fail(error))
    this.#stallWatch.start()
    if (this.#settings.commit !== 'manual') this.#commitLater()
  }

  /** Hands out the next record of a chunk at hand, or null when another chunk is needed. */
  #claim(mayGive: (place: TopicPartition) => boolean): ClaimedRecord | null {
    for (const [assigned, chunk] of this.#open) {
      const isUseless = assigned.isLeaving || assigned.fetch.isPaused
      if (!isUseless && (assigned.isHeldBack || !mayGive(assigned))) continue
      const record = isUseless ? null : nextOf(chunk, assigned)
      if (record === null) this.#open.delete(assigned)
      else {
        assigned.tracker.handOut(record.offset)
        this.#progress.moved()
        this.#cluster.settings.counters.recordsRead++
        return this.#claimed(assigned, record)
      }
    }
    return null
  }

  #claimed(assigned: AssignedPartition, record: ConsumerRecord): ClaimedRecord {
    let isDone = false
    const done = (): void => {
      if (isDone) return
      isDone = true
      this.#done(assigned, record.offset)
    }
    return { record, lost: assigned.lost, done }
  }

  #oneAssigned(place: TopicPartition): AssignedPartition {
    checkPlace(place)
    const { topic, partition } = place
    if (this.#closing !== null) throw new ClientError('CLOSED', 'the consumer is closed')
    const [assigned] = this.#assigned([{ topic, partition }])
    if (assigned !== undefined) return assigned
    throw new ClientError('UNKNOWN_PARTITION', `${topic}/${partition} is not assigned to this member`)
  }

  #assigned(partitions: readonly TopicPartition[]): AssignedPartition[] {
    checkPlaces(partitions)
    return this.#assignments
      .all()
      .filter((have) =>
        partitions.some(({ topic, partition }) => topic === have.topic && partition === have.partition),
      )
  }

  #done(assigned: AssignedPartition, offset: number): void {
    const wasHeldBack = assigned.isHeldBack
    assigned.done(offset)
    if (wasHeldBack && !assigned.isHeldBack) this.wake()
    this.#progress.moved()
    if (this.#settings.commit === 'each') this.#commitNow()
  }

  async #fetchMore(mayGive: (place: TopicPartition) => boolean): Promise<void> {
    const openBytes = [...this.#open.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    // What is handed out beside each other is bounded as what is fetched ahead is.
    const hasRoom = openBytes < this.#settings.readAheadBytes
    const isWanted = (from: FetchPartition): boolean => {
      const owner = this.#assignments.of(from)
      return owner === undefined || (hasRoom && !this.#open.has(owner) && mayGive(from))
    }
    const fetched = this.#fetcher.take(isWanted)
    if (fetched === null) return this.#fetcher.whenReady(isWanted)
    const assigned = this.#assignments.of(fetched.from)
    if (assigned === undefined || assigned.isLeaving) return
    if (fetched.kind === 'chunk') {
      const { chunk } = fetched
      const sizeBytes = chunk.bytes.length
      this.#open.set(assigned, { decoder: new ChunkDecoder(chunk), sizeBytes, records: [], index: 0 })
    } else if (fetched.kind === 'cut') {
      this.#assignments.seek(assigned, fetched.offset)
    } else if (fetched.error instanceof ClientError && fetched.error.code === 'OFFSET_OUT_OF_RANGE') {
      await this.#assignments.backIntoRange(assigned, fetched.error)
    } else {
      throw fetched.error
    }
  }

  #commitLater(): void {
    const { clock } = this.#cluster.settings
    const commit = (): void => {
      this.#commitNow()
      this.#commitLater()
    }
    this.#commitTimer = clock.after(this.#settings.commitIntervalMs, commit, 'background')
  }

  /** One commit waits at most, and takes along what is done until it is sent. */
  #commitNow(): void {
    if (this.#isCommitting) return
    this.#isCommitting = true
    const settled = (mayGoOn: boolean): void => {
      this.#isCommitting = false
      if (mayGoOn && this.#settings.commit === 'each' && this.#needsCommit()) this.#commitNow()
    }
    this.commit().then(
      () => settled(true),
      (error: unknown) => {
        // During a rebalance a commit may be refused; what is done is committed with the next one.
        if (!(error instanceof KafkaError || isRetriable(error))) this.#fail(error)
        settled(false)
      },
    )
  }

  #needsCommit(): boolean {
    return (
      this.#failure === null &&
      this.#closing === null &&
      this.#assignments.all().some(({ needsCommit }) => needsCommit)
    )
  }

  #fail(error: unknown): void {
    this.#failure ??= toError(error)
    this.#fetcher.wake()
  }

  /** Resolves when everything in the program's hands is done, or will not be. */
  #whenFinished(): Promise<unknown> {
    if (this.#drain !== null) return this.#drain()
    const idle = this.#assignments.all().map((assigned) => assigned.whenIdle())
    return Promise.race([Promise.all(idle), this.#leftAlone.promise])
  }

  async #commitAndLeave(): Promise<void> {
    if (this.#settings.commit !== 'manual') await this.#assignments.commit()
    await this.#session.leave()
  }

  async #close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#open.clear()
    this.#fetcher.wake()
    // Heartbeats go on meanwhile: what is in the program's hands is still this member's.
    const { clock } = this.#cluster.settings
    const over = new AbortController()
    const patience = delay(clock, this.#settings.rebalanceTimeoutMs / 2, over.signal)
    await Promise.race([this.#whenFinished(), patience, this.#deadline.passed])
    over.abort()
    this.#commitTimer?.cancel()
    this.#stallWatch.stop()
    this.#session.stop()
    this.#fetcher.close()
    try {
      await Promise.race([this.#commitAndLeave(), this.#deadline.passed])
    } catch (error) {
      // The broker is gone, or has given the partitions away: there is nobody to tell any more.
      if (!(error instanceof KafkaError || isRetriable(error) || isClosed(error))) throw error
    } finally {
      this.#deadline.cancel()
      for (const assigned of this.#assignments.all()) assigned.leave()
      this.#session.close()
      this.#closed.resolve()
    }
  }
}

/** The next record of a chunk, or null behind the last one. */
function nextOf(chunk: OpenChunk, { tracker }: AssignedPartition): ConsumerRecord | null {
  for (;;) {
    const record = chunk.records[chunk.index]
    chunk.index++
    if (record !== undefined) return record
    if (chunk.decoder.isDone) return null
    const { records, nextOffset } = chunk.decoder.next()
    chunk.records = records
    chunk.index = 0
    // Behind the last record there may be none up to here: markers, or what compaction took.
    if (records.length === 0) tracker.skipTo(nextOffset)
  }
}

/** The client was closed under the consumer, at the deadline of its own `close()`. */
function isClosed(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'CLOSED'
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
