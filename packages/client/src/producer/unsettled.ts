import { ErrorCode, type KafkaError } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import type { ClientSettings } from '../client-options.ts'
import { backoffMs } from '../connection/backoff.ts'
import { isRetriable } from '../connection/retry.ts'
import { resourceError } from '../resource-error.ts'
import type { BufferBudget } from './buffer-budget.ts'
import { decideOutcome, isLeaderError } from './decide-outcome.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { PartitionAnswer } from './produce-request.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-options.ts'
import type { TopicQueues } from './topic-queues.ts'

/** A queue that has batches. */
export interface ActiveQueue {
  readonly topic: TopicQueues
  readonly queue: PartitionQueue
}

/** One batch on its way, and the queue that it came from. */
export interface SentBatch extends ActiveQueue {
  readonly batch: ProducerBatch
}

/**
 * A disk that is full or failing heals only when somebody acts, and whoever waits for it should learn
 * of it long before the delivery timeout. A leader that moves to another disk or broker takes less.
 */
const DISK_PATIENCE_MS = 15_000

/** Every batch that is neither delivered nor failed, and what becomes of each. */
export class Unsettled {
  /** Queues whose oldest batch the broker refused for its sequence: they need another identity. */
  readonly withoutIdentity = new Set<PartitionQueue>()
  readonly #client: ClientSettings
  readonly #settings: ProducerSettings
  readonly #budget: BufferBudget
  /** A queue that sent a batch goes to the end, so that none starves. */
  readonly #active = new Map<PartitionQueue, ActiveQueue>()

  constructor(client: ClientSettings, settings: ProducerSettings, budget: BufferBudget) {
    this.#client = client
    this.#settings = settings
    this.#budget = budget
  }

  get isEmpty(): boolean {
    return this.#active.size === 0
  }

  queues(): ActiveQueue[] {
    return [...this.#active.values()]
  }

  batches(): ProducerBatch[] {
    return [...this.#active.keys()].flatMap((queue) => queue.batches())
  }

  activate(active: ActiveQueue): void {
    this.#active.set(active.queue, active)
  }

  moveToEnd(active: ActiveQueue): void {
    if (this.#active.delete(active.queue)) this.#active.set(active.queue, active)
  }

  /** The broker's answer for one batch; undefined where it gave none. */
  settle(sent: SentBatch, answer: PartitionAnswer | undefined): void {
    if (!isQueued(sent)) return
    const { queue, batch } = sent
    if (answer === undefined) {
      const seen = `no answer for partition ${queue.partition} of topic "${queue.topic}"`
      this.undelivered(sent, new ClientError('INVALID_RESPONSE', seen))
      return
    }
    const outcome = decideOutcome(answer.errorCode, {
      recordCount: batch.recordCount,
      isIdempotent: this.#settings.idempotent,
      isOldest: queue.oldest === batch,
    })
    switch (outcome) {
      case 'delivered':
        this.deliver(
          sent,
          answer.errorCode === ErrorCode.NONE ? answer.baseOffset : -1,
          answer.logAppendTimeMs,
        )
        break
      case 'split':
        queue.replace(batch, batch.split(this.#settings.compression))
        break
      case 'another-identity':
        this.withoutIdentity.add(queue)
        this.#return(sent, refusal(queue, answer))
        break
      case 'retry':
        this.#retry(sent, answer)
        break
      case 'fail':
        this.fail(sent, (record) => refusal(queue, answer, record))
        break
    }
  }

  /** The request itself came to nothing: whether the batch was written is not known. */
  undelivered(sent: SentBatch, error: Error): void {
    if (!isQueued(sent)) return
    if (isRetriable(error)) {
      sent.topic.doubtLeader()
      this.#return(sent, error)
    } else {
      this.fail(sent, () => error)
    }
  }

  deliver(sent: SentBatch, baseOffset: number, appendTimeMs: number): void {
    if (!isQueued(sent)) return
    sent.queue.failedAttempts = 0
    this.#client.counters.recordsSent += sent.batch.recordCount
    this.#remove(sent)
    sent.batch.delivered(sent.queue.partition, baseOffset, appendTimeMs)
  }

  fail(sent: SentBatch, errorOf: (record: number) => Error): void {
    this.#client.counters.recordsFailed += sent.batch.recordCount
    this.#remove(sent)
    sent.batch.failed(errorOf)
  }

  /** Fails every batch of these queues that is not in flight. */
  failWaiting(isMeant: (active: ActiveQueue) => boolean, error: Error): void {
    for (const active of this.queues().filter(isMeant)) {
      for (const batch of active.queue.batches().filter(({ isInFlight }) => !isInFlight)) {
        this.fail({ ...active, batch }, () => error)
      }
    }
  }

  /** The producer ends: whoever waits for a record learns what became of it. */
  failAll(): void {
    for (const active of this.queues()) {
      for (const batch of [...active.queue.batches()]) {
        const seen = `the producer was closed without an acknowledgement from ${placeOf(active.queue)}`
        const error = new ClientError('CLOSED', `${seen}: ${historyOf(batch)}`, {
          cause: batch.lastError ?? undefined,
        })
        this.fail({ ...active, batch }, () => error)
      }
    }
  }

  /** Gives up batches whose time is over; tells when to look again. One in flight is left to its own time-out. */
  expire(active: ActiveQueue, nowMs: number): number {
    const { queue } = active
    for (let oldest = queue.oldest; oldest !== undefined; oldest = queue.oldest) {
      if (nowMs < oldest.deadlineMs) return oldest.deadlineMs
      if (oldest.isInFlight) return Number.POSITIVE_INFINITY
      const error = expired(queue, oldest, this.#settings.deliveryTimeoutMs)
      this.fail({ ...active, batch: oldest }, () => error)
    }
    return Number.POSITIVE_INFINITY
  }

  #retry(sent: SentBatch, answer: PartitionAnswer): void {
    const { queue, batch } = sent
    if (isLeaderError(answer.errorCode)) sent.topic.doubtLeader()
    if (answer.errorCode === ErrorCode.KAFKA_STORAGE_ERROR) {
      const nowMs = this.#client.clock.monotonicMs()
      batch.diskFailingSinceMs ??= nowMs
      if (nowMs - batch.diskFailingSinceMs >= DISK_PATIENCE_MS) {
        this.fail(sent, (record) => refusal(queue, answer, record))
        return
      }
    }
    this.#return(sent, refusal(queue, answer))
  }

  #return({ queue, batch }: SentBatch, error: Error): void {
    const { clock } = this.#client
    if (!queue.isRecovering) {
      queue.notBeforeMs = clock.monotonicMs() + backoffMs(queue.failedAttempts, this.#client, clock)
      queue.failedAttempts++
    }
    this.#client.counters.batchesRetried++
    batch.lastError = error
    queue.returned(batch)
  }

  #remove({ queue, batch }: SentBatch): void {
    queue.remove(batch)
    if (queue.isEmpty) this.#active.delete(queue)
    this.#budget.giveBack(batch.chargedBytes)
    batch.chargedBytes = 0
  }
}

/** A batch may be gone when its answer comes: the producer was closed meanwhile. */
function isQueued({ queue, batch }: SentBatch): boolean {
  return queue.batches().includes(batch)
}

/** What the broker said, of one record where it names it (KIP-467). */
function refusal(queue: PartitionQueue, answer: PartitionAnswer, record?: number): KafkaError {
  const ofRecord = answer.recordErrors.find(({ batchIndex }) => batchIndex === record)
  const reason = ofRecord?.batchIndexErrorMessage ?? answer.errorMessage
  return resourceError(`${placeOf(queue)} refused the batch`, answer.errorCode, reason)
}

function expired(queue: PartitionQueue, batch: ProducerBatch, deliveryTimeoutMs: number): ClientError {
  const message = `no acknowledgement from ${placeOf(queue)} within ${deliveryTimeoutMs} ms: ${historyOf(batch)}`
  return new ClientError('DELIVERY_TIMED_OUT', message, { cause: batch.lastError ?? undefined })
}

function placeOf({ partition, topic }: PartitionQueue): string {
  return `partition ${partition} of topic "${topic}"`
}

function historyOf({ attempts, lastError }: ProducerBatch): string {
  const tries = attempts === 0 ? 'never sent' : `sent ${attempts} times, so it may have been written`
  return lastError === null ? tries : `${tries}; last: ${lastError.message}`
}
