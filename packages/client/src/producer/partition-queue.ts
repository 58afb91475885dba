import { strict as assert } from 'node:assert'
import { addToSequence, NO_IDENTITY, type ProducerBatch, type ProducerIdentity } from './producer-batch.ts'

/**
 * The batches of one partition, oldest first: those in flight at the head, closed ones behind them,
 * at the end the one that is being filled.
 *
 * Order through retries: when a batch in flight comes back undelivered, nothing more of the
 * partition is sent until all of its batches in flight have come back too; then they go out again
 * in their old order with their old sequences. A batch that was sent behind a lost one is refused by
 * the broker (OUT_OF_ORDER_SEQUENCE_NUMBER), so it cannot overtake.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly #batches: ProducerBatch[] = []
  #open: ProducerBatch | null = null
  #inFlightCount = 0
  /** A batch came back undelivered: wait for the others, then begin again at the head. */
  #isRecovering = false
  /** The node that has the batches in flight: behind them nothing goes to another one. */
  #sentTo = -1
  /** Not before this moment, in ms of the monotonic clock: the pause after a failed attempt. */
  notBeforeMs = 0
  failedAttempts = 0
  identity: ProducerIdentity = NO_IDENTITY
  #nextSequence = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  get inFlightCount(): number {
    return this.#inFlightCount
  }

  /** The batch that takes more records, or null. */
  get open(): ProducerBatch | null {
    return this.#open
  }

  get oldest(): ProducerBatch | undefined {
    return this.#batches[0]
  }

  batches(): readonly ProducerBatch[] {
    return this.#batches
  }

  startBatch(batch: ProducerBatch): void {
    this.#open = batch
    this.#batches.push(batch)
  }

  /** The open batch is full: it waits to be sent, and the next record starts another. */
  closeOpen(): void {
    this.#open = null
  }

  get isRecovering(): boolean {
    return this.#isRecovering
  }

  /** The next batch that may be sent to `node` now, or null. `mayPipeline` false holds it back while one is in flight. */
  next(node: number, nowMs: number, mayPipeline: boolean): ProducerBatch | null {
    const isHeldBack = this.#isRecovering || !mayPipeline || node !== this.#sentTo
    if (this.#inFlightCount > 0 && isHeldBack) return null
    if (nowMs < this.notBeforeMs) return null
    this.#isRecovering = false
    return this.#batches[this.#inFlightCount] ?? null
  }

  takeSequence(recordCount: number): number {
    const sequence = this.#nextSequence
    this.#nextSequence = addToSequence(sequence, recordCount)
    return sequence
  }

  sent(batch: ProducerBatch, node: number): void {
    assert(this.#batches[this.#inFlightCount] === batch, 'batches leave in order')
    if (this.#open === batch) this.#open = null
    batch.isInFlight = true
    batch.attempts++
    this.#sentTo = node
    this.#inFlightCount++
  }

  /** The batch was delivered or has failed for good. */
  remove(batch: ProducerBatch): void {
    const at = this.#batches.indexOf(batch)
    assert(at >= 0, 'a batch is removed once')
    this.#batches.splice(at, 1)
    if (this.#open === batch) this.#open = null
    this.#landed(batch)
  }

  /** The batch came back undelivered, and will be sent again. */
  returned(batch: ProducerBatch): void {
    this.#isRecovering = true
    this.#landed(batch)
  }

  /** The batch came back as too large: its halves take its place. */
  replace(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    const at = this.#batches.indexOf(batch)
    assert(at >= 0, 'a batch is replaced once')
    this.#batches.splice(at, 1, ...parts)
    this.returned(batch)
  }

  /**
   * Starts over as another producer: what was encoded gets new sequences from 0. Only with nothing in
   * flight, and only after the broker has refused the oldest batch: then none of the later ones can
   * have been written under the old identity.
   */
  adopt(identity: ProducerIdentity): void {
    assert(this.#inFlightCount === 0, 'another identity while batches are in flight')
    this.identity = identity
    this.#nextSequence = 0
    for (const batch of this.#batches) {
      if (batch.encoded !== null) batch.restamp(identity, this.takeSequence(batch.recordCount))
    }
  }

  #landed(batch: ProducerBatch): void {
    if (!batch.isInFlight) return
    batch.isInFlight = false
    this.#inFlightCount--
  }
}
