import type { Durability } from '@millrace/log-core'
import { expectThat } from './violation.ts'

/** Header bytes that the log may write (base offset, leader epoch); the body begins behind them. */
export const BODY_STARTS_AT = 16

export interface ProducerStamp {
  readonly id: number
  readonly epoch: number
  readonly sequence: number
  readonly lastSequence: number
}

/** One batch that the log took: what was asked for it and what was promised about it. */
export interface LedgerBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  /** The batch from `BODY_STARTS_AT` on, as it was handed over. */
  readonly body: Buffer
  readonly sizeBytes: number
  readonly maxTimestampMs: number
  readonly durability: Durability
  readonly producer: ProducerStamp | null
  /** `refused`: its promise was rejected, so it may be there or not, and nobody may rely on either. */
  state: 'pending' | 'acknowledged' | 'refused'
}

/**
 * The truth about one partition over all lives of its log: what a log that keeps its promises must still hold, and
 * what it must never show. Offsets in here are ends: the offset behind the last batch concerned.
 */
export class PartitionLedger {
  /** Every batch of the one line of history that the log is on, from offset 0, whatever retention took since. */
  readonly lineage: LedgerBatch[] = []
  /** Everything before it survives a power loss. */
  syncedEnd = 0
  /** Everything before it survives the death of the process, until the power fails. */
  writtenEnd = 0
  /** The highest high watermark that was seen: consumers may have read up to there. */
  visibleEnd = 0
  /** No truncation was promised to be durable below this. */
  promisedStart = 0
  /** The log start may have moved up to here: by request, or because retention may take so much. */
  possibleStart = 0
  /** Under which anything was appended: one that nobody used may be given again. */
  highestEpoch = -1
  /** For each leader epoch the highest end offset that was ever visible or promised under it. */
  readonly #exposedEnds = new Map<number, number>()

  get endOffset(): number {
    return (this.lineage.at(-1)?.lastOffset ?? -1) + 1
  }

  /** Under which epoch a batch that begins at this offset was appended last; -1 if none was. */
  epochAt(baseOffset: number): number {
    return this.lineage.findLast((batch) => batch.baseOffset === baseOffset)?.leaderEpoch ?? -1
  }

  /**
   * The log gave offsets to a batch. With `mayHaveReopened` the log may have opened itself again after a failed sync,
   * under a new epoch, and cut what was not synced.
   */
  appended(batch: LedgerBatch, { mayHaveReopened }: { mayHaveReopened: boolean }): void {
    const { leaderEpoch, baseOffset } = batch
    if (mayHaveReopened && leaderEpoch > this.highestEpoch)
      this.reopened({ endOffset: baseOffset, leaderEpoch })
    this.#dropTakenBack(batch.baseOffset)
    expectThat(
      batch.baseOffset === this.endOffset,
      () => `a batch got offset ${batch.baseOffset}, the log ended at ${this.endOffset}`,
    )
    for (const [epoch, end] of this.#exposedEnds) {
      expectThat(
        epoch < batch.leaderEpoch || end <= batch.baseOffset,
        () =>
          `offset ${batch.baseOffset} is given again under epoch ${batch.leaderEpoch}: epoch ${epoch} reached ${end}`,
      )
    }
    this.highestEpoch = Math.max(this.highestEpoch, batch.leaderEpoch)
    this.lineage.push(batch)
  }

  acknowledged(batch: LedgerBatch, durability: Durability): void {
    batch.state = 'acknowledged'
    const end = batch.lastOffset + 1
    this.writtenEnd = Math.max(this.writtenEnd, end)
    if (durability === 'synced') this.syncedEnd = Math.max(this.syncedEnd, end)
    this.#expose(end)
  }

  flushed(end: number): void {
    this.syncedEnd = Math.max(this.syncedEnd, end)
    this.writtenEnd = Math.max(this.writtenEnd, end)
  }

  /** Consumers see everything below `highWatermark`: so an acks=all batch below it counts as synced. */
  saw(seen: { highWatermark: number; logStartOffset: number; logEndOffset: number }): void {
    const { highWatermark, logStartOffset, logEndOffset } = seen
    expectThat(
      logStartOffset <= highWatermark,
      () => `log start ${logStartOffset} above high watermark ${highWatermark}`,
    )
    expectThat(
      highWatermark <= logEndOffset,
      () => `high watermark ${highWatermark} above log end ${logEndOffset}`,
    )
    expectThat(
      logStartOffset <= this.possibleStart,
      () => `the log starts at ${logStartOffset}; nobody removed anything behind ${this.possibleStart}`,
    )
    if (highWatermark <= this.visibleEnd) return
    for (let index = this.lineage.length - 1; index >= 0; index--) {
      const batch = this.lineage[index]
      if (batch === undefined || batch.lastOffset < this.visibleEnd) break
      if (batch.lastOffset >= highWatermark) continue
      if (batch.durability === 'synced') {
        this.syncedEnd = Math.max(this.syncedEnd, batch.lastOffset + 1)
        break
      }
    }
    this.visibleEnd = highWatermark
    this.writtenEnd = Math.max(this.writtenEnd, highWatermark)
    this.#expose(highWatermark)
  }

  /** What was only written may be gone: the power failed, or a failing disk made the log cut itself back. */
  powerLost(): void {
    this.writtenEnd = this.syncedEnd
  }

  /** The log was opened and serves what it kept: all of that is synced now, and what is not there is lost. */
  keptUpTo(end: number): { lost: LedgerBatch[] } {
    const lost: LedgerBatch[] = []
    while (this.endOffset > end) {
      const batch = this.lineage.pop()
      if (batch !== undefined) lost.push(batch)
    }
    for (const batch of this.lineage) if (batch.state !== 'acknowledged') batch.state = 'acknowledged'
    this.syncedEnd = end
    this.writtenEnd = end
    this.visibleEnd = end
    this.#expose(end)
    return { lost: lost.reverse() }
  }

  /**
   * How far retention may move the log start: over batches that are too old, or that leave enough bytes behind them.
   * A log keeps more than that, because it removes whole segments only.
   */
  retainableStart(
    logStartOffset: number,
    rules: { retentionMs: number; retentionBytes: number; nowMs: number },
  ): number {
    const { retentionMs, retentionBytes, nowMs } = rules
    let remainingBytes = 0
    for (const batch of this.lineage)
      if (batch.lastOffset >= logStartOffset) remainingBytes += batch.sizeBytes
    let start = logStartOffset
    for (const batch of this.lineage) {
      if (batch.lastOffset < logStartOffset) continue
      remainingBytes -= batch.sizeBytes
      const isOld = retentionMs >= 0 && batch.maxTimestampMs < nowMs - retentionMs
      const isSurplus = retentionBytes >= 0 && remainingBytes >= retentionBytes
      if (!isOld && !isSurplus) break
      start = batch.lastOffset + 1
    }
    return start
  }

  /** The log opened itself again in the middle of a life: what no sync had covered may be gone. */
  reopened({ endOffset, leaderEpoch }: { endOffset: number; leaderEpoch: number }): void {
    expectThat(
      endOffset >= this.syncedEnd && endOffset <= this.endOffset,
      () =>
        `opened again, the log ends at ${endOffset}; it was synced up to ${this.syncedEnd} of ${this.endOffset}`,
    )
    this.highestEpoch = leaderEpoch
    this.keptUpTo(endOffset)
  }

  batchAt(baseOffset: number): LedgerBatch | undefined {
    let low = 0
    let high = this.lineage.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.lineage[middle]?.baseOffset ?? 0) < baseOffset) low = middle + 1
      else high = middle
    }
    const batch = this.lineage[low]
    return batch?.baseOffset === baseOffset ? batch : undefined
  }

  /** Every epoch under which somebody may have seen records, with the end of what they saw. */
  exposedEnds(): ReadonlyMap<number, number> {
    return this.#exposedEnds
  }

  #expose(end: number): void {
    for (let index = this.lineage.length - 1; index >= 0; index--) {
      const batch = this.lineage[index]
      if (batch === undefined) return
      if (batch.lastOffset >= end) continue
      const known = this.#exposedEnds.get(batch.leaderEpoch) ?? 0
      if (known >= batch.lastOffset + 1) return
      this.#exposedEnds.set(batch.leaderEpoch, batch.lastOffset + 1)
      // Earlier batches of this epoch end lower; those of earlier epochs were exposed with their own.
      return
    }
  }

  /** After a full disk the log takes refused batches back and gives their offsets again. */
  #dropTakenBack(baseOffset: number): void {
    for (
      let last = this.lineage.at(-1);
      last !== undefined && last.lastOffset >= baseOffset;
      last = this.lineage.at(-1)
    ) {
      const { baseOffset: taken, state } = last
      expectThat(state === 'refused', () => `offset ${baseOffset} is given again; ${taken} was ${state}`)
      this.lineage.pop()
    }
  }
}
