import type { AppendOutcome, Durability, PartitionLog } from '@millrace/log-core'
import type { LedgerBatch } from './ledger.ts'
import type { PartitionContext } from './partition-work.ts'
import {
  type AllowedAnswers,
  allowedAnswers,
  buildProduced,
  drawValues,
  type ProducedBatch,
  type SimulatedProducer,
} from './simulated-producer.ts'
import { expectThat } from './violation.ts'

/** One batch on its way. */
interface Sent {
  readonly batch: ProducedBatch
  readonly producer: SimulatedProducer | null
  readonly durability: Durability
}

/** The producing side of one partition in one life: sends, sends again, and checks every answer. */
export class Sender {
  readonly #log: PartitionLog
  readonly #context: PartitionContext
  #startAtOpen: number
  #epochAtOpen: number
  readonly #endAtOpen: number
  readonly #inFlight = new Set<ProducedBatch>()
  readonly #outstanding = new Set<Promise<void>>()
  #wasDiskFull = false

  constructor(log: PartitionLog, context: PartitionContext) {
    this.#log = log
    this.#context = context
    this.#startAtOpen = log.logStartOffset
    this.#epochAtOpen = log.leaderEpoch
    this.#endAtOpen = log.logEndOffset
  }

  /** Sends one batch: a new one, or one whose fate the producer does not know, or one that was answered already. */
  send(): void {
    const { world, prng, partition } = this.#context
    const { syncedShare, producerShare } = world.shape
    const durability = prng.chance(syncedShare) ? 'synced' : 'written'
    if (!prng.chance(producerShare)) {
      this.#append({ batch: this.#build(), producer: null, durability })
      return
    }
    const producer = prng.pick(partition.producers)
    // What was left unknown goes first, in order, as a client does it after a reconnect.
    const unknown = producer.unknown.find((batch) => !this.#inFlight.has(batch))
    if (unknown !== undefined) this.#append({ batch: unknown, producer, durability })
    else if (producer.recent.length > 0 && prng.chance(0.15)) {
      this.#append({ batch: prng.pick(producer.recent), producer, durability })
    } else if (producer.canSend) {
      this.#append({ batch: this.#build(producer), producer, durability })
    }
  }

  /** Waits for every answer that is still due. */
  async settle(): Promise<void> {
    while (this.#outstanding.size > 0) await Promise.all(this.#outstanding)
  }

  #build(producer?: SimulatedProducer): ProducedBatch {
    const { world, prng, clock } = this.#context
    const values = drawValues(prng, `batch ${world.nextLabel++}`, world.shape.largestValueBytes)
    return producer?.produce(values, clock.nowMs()) ?? buildProduced(values, clock.nowMs(), null)
  }

  #append(sent: Sent): void {
    const { batch, durability } = sent
    const allowed = this.#allowedFor(batch)
    const leaderEpoch = this.#log.leaderEpoch
    const outcome = this.#log.append(Buffer.from(batch.bytes), batch.header, { durability })
    this.#trace(sent, outcome)
    switch (outcome.kind) {
      case 'appended':
        expectThat(
          allowed.mayAppend,
          () => `${nameOf(batch)} got ${outcome.baseOffset}, ${mistakeOf(allowed)}`,
        )
        this.#noteAppended(sent, outcome, leaderEpoch)
        return
      case 'duplicate':
        this.#noteDuplicate(sent, outcome, allowed.duplicateOf)
        return
      case 'rejected':
        this.#noteRejected(sent, outcome, allowed)
    }
  }

  #trace({ batch, durability }: Sent, outcome: AppendOutcome): void {
    const { world, partition } = this.#context
    if (world.trace === null) return
    const result =
      outcome.kind === 'rejected'
        ? outcome.reason
        : `${outcome.kind} ${outcome.baseOffset}-${outcome.lastOffset}`
    world.trace(`  partition ${partition.partition}: ${nameOf(batch)} ${durability}: ${result}`)
  }

  #allowedFor({ producer }: ProducedBatch): AllowedAnswers {
    if (producer === null) return { duplicateOf: null, mayAppend: true, mayRefuseSequence: false }
    if (this.#log.leaderEpoch !== this.#epochAtOpen) {
      // It opened itself again after a failure.
      this.#epochAtOpen = this.#log.leaderEpoch
      this.#startAtOpen = this.#log.logStartOffset
    }
    const log = { startAtOpen: this.#startAtOpen, logEndOffset: this.#log.logEndOffset }
    return allowedAnswers(this.#context.partition.ledger, producer, log)
  }

  #noteAppended(
    sent: Sent,
    outcome: Extract<AppendOutcome, { kind: 'appended' }>,
    leaderEpoch: number,
  ): void {
    const { world, partition } = this.#context
    const { batch, durability } = sent
    const { baseOffset, lastOffset } = outcome
    expectThat(
      lastOffset - baseOffset === batch.header.lastOffsetDelta,
      () => `a batch of ${batch.header.recordCount} records got ${baseOffset} to ${lastOffset}`,
    )
    const isAlwaysSynced = world.shape.config.flushMessages <= 1
    const entry: LedgerBatch = {
      baseOffset,
      lastOffset,
      leaderEpoch,
      body: batch.body,
      sizeBytes: batch.header.sizeBytes,
      maxTimestampMs: batch.header.maxTimestampMs,
      durability: isAlwaysSynced ? 'synced' : durability,
      producer: batch.producer,
      state: 'pending',
    }
    partition.ledger.appended(entry, { mayHaveReopened: this.#context.hasFailed() })
    if (this.#wasDiskFull) world.moments.reach('disk was full and healed')
    this.#wasDiskFull = false
    if (batch.wasSent) world.moments.reach('lost batch sent again and appended')
    batch.wasSent = true
    this.#await(outcome.committed, entry, sent)
  }

  #noteDuplicate(
    sent: Sent,
    outcome: Extract<AppendOutcome, { kind: 'duplicate' }>,
    original: LedgerBatch | null,
  ): void {
    const { baseOffset, lastOffset } = outcome
    expectThat(
      original?.baseOffset === baseOffset && original.lastOffset === lastOffset,
      () =>
        `${nameOf(sent.batch)} was answered with ${baseOffset}; it is ${original ? `at ${original.baseOffset}` : 'new'}`,
    )
    const isOld = baseOffset < this.#endAtOpen
    this.#context.world.moments.reach(
      isOld ? 'duplicate answered after a crash' : 'duplicate answered in the same life',
    )
    this.#await(outcome.committed, original, sent)
  }

  #noteRejected(
    { batch, producer }: Sent,
    { reason, message }: Extract<AppendOutcome, { kind: 'rejected' }>,
    allowed: AllowedAnswers,
  ): void {
    const { moments } = this.#context.world
    if (reason === 'queue-full') moments.reach('queue was full')
    else if (reason === 'disk-full' || reason === 'offline') {
      expectThat(this.#context.hasFailed(), () => `${reason}, and nothing had failed: ${message}`)
      if (reason === 'disk-full') this.#wasDiskFull = true
      // It may open itself again at any time from now on, and cuts what no sync has covered.
      else this.#context.partition.ledger.powerLost()
    } else {
      const isAllowed = reason === 'out-of-order-sequence' && allowed.mayRefuseSequence
      expectThat(
        isAllowed,
        () => `${nameOf(batch)} was refused, ${mistakeOf(allowed)}: ${reason}, ${message}`,
      )
      moments.reach('sequence gap refused after a loss')
      producer?.beginAgain()
    }
  }

  #await(committed: Promise<void>, entry: LedgerBatch, { batch, producer, durability }: Sent): void {
    const { world, partition, isOver, expectFailure } = this.#context
    this.#inFlight.add(batch)
    const settled = committed.then(
      () => {
        if (isOver()) return
        this.#inFlight.delete(batch)
        world.trace?.(`  partition ${partition.partition}: ${entry.baseOffset} is ${durability}`)
        partition.ledger.acknowledged(entry, durability)
        producer?.settled(batch)
      },
      (error: unknown) => {
        if (isOver()) return
        this.#inFlight.delete(batch)
        world.trace?.(`  partition ${partition.partition}: ${entry.baseOffset} failed: ${error}`)
        if (entry.state === 'pending') entry.state = 'refused'
        expectFailure(error)
      },
    )
    this.#outstanding.add(settled)
    const forget = (): void => void this.#outstanding.delete(settled)
    settled.then(forget, forget)
  }
}

function nameOf({ producer }: ProducedBatch): string {
  if (producer === null) return 'a batch without producer'
  return `sequence ${producer.sequence} of producer ${producer.id}, epoch ${producer.epoch},`
}

function mistakeOf({ duplicateOf, mayAppend }: AllowedAnswers): string {
  if (duplicateOf !== null) return `it is at ${duplicateOf.baseOffset} already`
  return mayAppend ? 'it was due' : 'it does not follow its last one'
}
