import { produce } from '@millrace/protocol'
import { BatchBuilder, type RecordInput } from '@millrace/record-batch'
import { LIMITS } from '../client-limits.ts'
import type { Cluster } from '../cluster.ts'
import type { Connection } from '../connection/connection.ts'
import { isRetriable } from '../connection/retry.ts'
import type { Timer } from '../time/clock.ts'
import type { BufferBudget } from './buffer-budget.ts'
import type { Delivery } from './delivery.ts'
import { IdentitySource } from './identity-source.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { answersOf, LAST_VERSION_WITH_TOPIC_NAMES, produceRequest } from './produce-request.ts'
import { NO_IDENTITY, ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-options.ts'
import type { TopicQueues } from './topic-queues.ts'
import { type ActiveQueue, type SentBatch, Unsettled } from './unsettled.ts'

/** Builders kept for reuse: one for each batch that is being filled at a time. */
const MAX_IDLE_BUILDERS = 64

/**
 * Moves batches from the queues to the brokers.
 *
 * Linger adapts by itself: a broker with nothing in flight gets what there is at the end of the
 * turn, so a lone record leaves at once; while requests are in flight batches go on filling, and
 * leave when they are full, when an answer makes the broker idle, or when `lingerMs` is over.
 */
export class Sender {
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #budget: BufferBudget
  readonly #identities: IdentitySource
  readonly #unsettled: Unsettled
  readonly #builders: BatchBuilder[] = []
  readonly #requestsInFlight = new Map<number, number>()
  /** What is being waited for, so that it is not asked for twice. */
  readonly #awaited = new Set<object>()
  #flushCount = 0
  #isScheduled = false
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #failure: Error | null = null

  constructor(cluster: Cluster, settings: ProducerSettings, budget: BufferBudget) {
    this.#cluster = cluster
    this.#settings = settings
    this.#budget = budget
    this.#identities = new IdentitySource(cluster)
    this.#unsettled = new Unsettled(cluster.settings, settings, budget)
  }

  /** Puts a record into the open batch of its partition. True when a batch was full and another was begun. */
  append(
    topic: TopicQueues,
    partition: number,
    record: RecordInput,
    delivery: Delivery,
    index: number,
  ): boolean {
    if (this.#failure !== null) {
      delivery.failed(index, this.#failure)
      return false
    }
    const queue = topic.queue(partition)
    const { open } = queue
    const beforeBytes = open?.sizeBytes ?? 0
    if (open?.tryAppend(record, this.#settings.batchBytes, delivery, index)) {
      this.#charge(open, open.sizeBytes - beforeBytes)
      return false
    }
    const builder = this.#builders.pop() ?? new BatchBuilder()
    const nowMs = this.#cluster.settings.clock.monotonicMs()
    const deadlineMs = (delivery.startMs ?? nowMs) + this.#settings.deliveryTimeoutMs
    const batch = new ProducerBatch(nowMs, deadlineMs, builder)
    batch.tryAppend(record, this.#settings.batchBytes, delivery, index)
    this.#charge(batch, batch.sizeBytes)
    queue.startBatch(batch)
    this.#unsettled.activate({ topic, queue })
    this.schedule()
    return open !== null
  }

  /** Looks at the end of this turn what can be sent. */
  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#cluster.settings.clock.endOfTurn(() => {
      this.#isScheduled = false
      this.drain()
    })
  }

  /** Sends every batch that is there now without lingering; resolves when all of them are settled. */
  async flush(): Promise<void> {
    this.#flushCount++
    this.schedule()
    await Promise.all(this.#unsettled.batches().map((batch) => batch.whenSettled()))
    this.#flushCount--
  }

  /** Fails whatever is left, and everything that comes. */
  close(failure: Error): void {
    this.#failure ??= failure
    this.#unsettled.failAll()
    this.#timer?.cancel()
  }

  /** Sends what can be sent now, and sets the timer for what cannot. */
  drain(): void {
    const nowMs = this.#cluster.settings.clock.monotonicMs()
    const byLeader = new Map<number, ActiveQueue[]>()
    for (const active of this.#unsettled.queues()) {
      this.#wakeAt(this.#unsettled.expire(active, nowMs))
      if (active.queue.isEmpty || !this.#hasIdentity(active.queue)) continue
      const leader = active.topic.leader(active.queue.partition)
      if (leader < 0 || active.topic.isOutdated) this.#refresh(active.topic)
      if (leader < 0) continue
      const others = byLeader.get(leader)
      if (others === undefined) byLeader.set(leader, [active])
      else others.push(active)
    }
    for (const [leader, queues] of byLeader) this.#serve(leader, queues, nowMs)
    if (this.#unsettled.isEmpty) this.#stopTimer()
  }

  #serve(leader: number, queues: readonly ActiveQueue[], nowMs: number): void {
    const connection = this.#connection(leader, queues)
    if (connection === null) return
    for (;;) {
      const inFlight = this.#requestsInFlight.get(leader) ?? 0
      if (inFlight >= LIMITS.maxBatchesInFlight) return
      const sent = this.#collect(leader, queues, nowMs)
      if (sent.length === 0) return
      for (const one of sent) this.#dispatch(one, leader)
      this.#requestsInFlight.set(leader, inFlight + 1)
      void this.#exchange(connection, leader, sent)
    }
  }

  /** One batch of each partition that may send one now, within the size of a request. */
  #collect(leader: number, queues: readonly ActiveQueue[], nowMs: number): SentBatch[] {
    const { idempotent, acks, maxRequestBytes, lingerMs } = this.#settings
    const isIdle = (this.#requestsInFlight.get(leader) ?? 0) === 0
    const sent: SentBatch[] = []
    let totalBytes = 0
    for (const active of queues) {
      const batch = active.queue.next(leader, nowMs, idempotent || acks === 0)
      if (batch === null) {
        if (active.queue.notBeforeMs > nowMs) this.#wakeAt(active.queue.notBeforeMs)
        continue
      }
      const isFilling = batch === active.queue.open && !isIdle && this.#flushCount === 0
      if (isFilling && nowMs < batch.createdMs + lingerMs) this.#wakeAt(batch.createdMs + lingerMs)
      else if (sent.length === 0 || totalBytes + batch.sizeBytes <= maxRequestBytes) {
        sent.push({ ...active, batch })
        totalBytes += batch.sizeBytes
      }
    }
    return sent
  }

  #dispatch(sent: SentBatch, leader: number): void {
    const { queue, batch } = sent
    if (batch.encoded === null) {
      const sequence = this.#settings.idempotent ? queue.takeSequence(batch.recordCount) : -1
      const builder = batch.encode(queue.identity, sequence, this.#settings.compression)
      if (this.#builders.length < MAX_IDLE_BUILDERS) this.#builders.push(builder)
    }
    queue.sent(batch, leader)
    this.#unsettled.moveToEnd({ topic: sent.topic, queue })
  }

  async #exchange(connection: Connection, leader: number, sent: readonly SentBatch[]): Promise<void> {
    const { acks } = this.#settings
    const timeoutMs = this.#timeoutMs(sent)
    const options = { timeoutMs, capVersion: LAST_VERSION_WITH_TOPIC_NAMES }
    const input = produceRequest(sent, { acks, timeoutMs })
    try {
      if (acks === 0) {
        await connection.requestWithoutAnswer(produce, input, options)
        for (const one of sent) this.#unsettled.deliver(one, -1, -1)
      } else {
        const answers = answersOf(sent, await connection.request(produce, input, options))
        for (const [i, one] of sent.entries()) this.#unsettled.settle(one, answers[i])
      }
    } catch (error) {
      for (const one of sent) this.#unsettled.undelivered(one, toError(error))
    }
    this.#requestsInFlight.set(leader, (this.#requestsInFlight.get(leader) ?? 1) - 1)
    this.schedule()
  }

  /** The time for one answer, or less when the oldest batch of the request has less left. */
  #timeoutMs(sent: readonly SentBatch[]): number {
    const { clock, requestTimeoutMs } = this.#cluster.settings
    const deadlineMs = sent.reduce((least, { batch }) => Math.min(least, batch.deadlineMs), Infinity)
    const leftMs = deadlineMs - clock.monotonicMs()
    return Math.max(1, Math.ceil(Math.min(requestTimeoutMs, leftMs)))
  }

  /** Whether the queue's batches can be numbered; if not, sees to it that they soon can. */
  #hasIdentity(queue: PartitionQueue): boolean {
    if (!this.#settings.idempotent) return true
    const isWorn = this.#unsettled.withoutIdentity.has(queue)
    if (!isWorn && queue.identity !== NO_IDENTITY) return true
    if (queue.inFlightCount > 0) return false
    const { current } = this.#identities
    if (current !== null && current !== queue.identity) {
      queue.adopt(current)
      this.#unsettled.withoutIdentity.delete(queue)
      return true
    }
    const ask = (): Promise<unknown> => this.#identities.fetch(isWorn ? queue.identity : null)
    this.#await(this.#identities, ask, (error) => {
      if (isRetriable(error)) return
      const needsIdentity = (active: ActiveQueue): boolean =>
        active.queue.identity === NO_IDENTITY || this.#unsettled.withoutIdentity.has(active.queue)
      this.#unsettled.failWaiting(needsIdentity, error)
    })
    return false
  }

  #refresh(topic: TopicQueues): void {
    this.#await(
      topic,
      () => topic.refresh(),
      (error) => this.#unsettled.failWaiting((active) => active.topic === topic, error),
    )
  }

  /** The open connection to the leader, or null: then one is on its way. */
  #connection(leader: number, queues: readonly ActiveQueue[]): Connection | null {
    const doubtLeader = (): void => {
      for (const { topic } of queues) topic.doubtLeader()
    }
    const address = this.#cluster.metadata.broker(leader)
    if (address === undefined) {
      doubtLeader()
      this.schedule()
      return null
    }
    const link = this.#cluster.links.link(address, 'produce')
    if (link.current === null) this.#await(link, () => link.connection(), doubtLeader)
    return link.current
  }

  /** Starts what is not under way already, and looks again when it is done. */
  #await(what: object, start: () => Promise<unknown>, onFailure: (error: Error) => void): void {
    if (this.#awaited.has(what)) return
    this.#awaited.add(what)
    const done = (): void => {
      this.#awaited.delete(what)
      if (this.#failure === null) this.schedule()
    }
    start().then(done, (error) => {
      onFailure(toError(error))
      done()
    })
  }

  #charge(batch: ProducerBatch, bytes: number): void {
    batch.chargedBytes += bytes
    this.#budget.take(bytes)
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs || this.#failure !== null) return
    const { clock } = this.#cluster.settings
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = clock.after(Math.max(1, Math.ceil(atMs - clock.monotonicMs())), () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY
      this.drain()
    })
  }

  /** With nothing to send there is nothing to wake up for, and the timer would keep the process alive. */
  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timerAtMs = Number.POSITIVE_INFINITY
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
