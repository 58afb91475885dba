import { OffsetOutOfRangeError, type PartitionLog } from '@millrace/log-core'
import type { SimulatedFileSystem } from '../disk/simulated-file-system.ts'
import type { Prng } from '../prng.ts'
import type { SimulatedClock } from '../time/simulated-clock.ts'
import { checkBatches } from './checker.ts'
import { Sender } from './sender.ts'
import { expectThat } from './violation.ts'
import type { PartitionWorld, World } from './world.ts'

/** What everything that works on one partition in one life needs. */
export interface PartitionContext {
  readonly world: World
  readonly partition: PartitionWorld
  readonly clock: SimulatedClock
  readonly prng: Prng
  readonly fs: SimulatedFileSystem
  /** The process is dead: what its promises say from now on counts for nothing. */
  readonly isOver: () => boolean
  /** An operation was made to fail, now or in an earlier life, so that the log may refuse what it could not do. */
  readonly hasFailed: () => boolean
  /** Throws a Violation when nothing was made to fail. */
  readonly expectFailure: (error: unknown) => void
}

/** What one life does with one partition: sends, reads, maintains, and compares everything with the ledger. */
export class PartitionWork {
  readonly log: PartitionLog
  readonly sender: Sender
  readonly #context: PartitionContext
  readonly #background = new Set<Promise<void>>()
  /** By the time that each was told. */
  readonly #retentionsInFlight = new Set<number>()
  #consumerOffset: number

  constructor(log: PartitionLog, context: PartitionContext) {
    this.log = log
    this.#context = context
    this.sender = new Sender(log, context)
    this.#consumerOffset = log.logStartOffset
    log.onHighWatermarkMoved(() => this.#observeQuietly())
  }

  /** Reads or maintains, and goes on at once or when that is done. */
  async doSomethingElse(): Promise<void> {
    const { prng } = this.#context
    const done = prng.chance(0.4) ? this.#read() : this.#maintain()
    if (prng.chance(0.5)) return done
    this.#background.add(done)
    const forget = (): void => void this.#background.delete(done)
    done.then(forget, (error: unknown) => this.#report(error))
  }

  /** Waits for everything that was begun. */
  async settle(): Promise<void> {
    await this.sender.settle()
    while (this.#background.size > 0) await Promise.all(this.#background)
  }

  /** A consumer goes on from where it was, or somebody reads from anywhere. */
  async #read(): Promise<void> {
    const { log } = this
    const { world, prng, partition, expectFailure } = this.#context
    if (log.state === 'offline') return
    const isConsumer = prng.chance(0.6)
    this.#consumerOffset = Math.max(this.#consumerOffset, log.logStartOffset)
    const readableCount = log.highWatermark - log.logStartOffset
    const offset = isConsumer ? this.#consumerOffset : log.logStartOffset + prng.below(readableCount + 1)
    const maxBytes = prng.pick([1, 100, 1000, 100_000])
    const onDiskRead = (): void => world.moments.reach('read from disk')
    const request = { offset, maxBytes, limit: 'high-watermark', untilEnd: false, onDiskRead } as const
    const { leaderEpoch } = log
    try {
      const next = await checkBatches(log, partition.ledger, request)
      if (isConsumer) this.#consumerOffset = next
    } catch (error) {
      const wasRemoved = error instanceof OffsetOutOfRangeError && offset < log.logStartOffset
      // What a read had in hand when the log opened itself again may be lost by now.
      const wasReopened = log.leaderEpoch !== leaderEpoch
      if (!wasRemoved && !wasReopened) expectFailure(error)
    }
  }

  async #maintain(): Promise<void> {
    const { prng, isOver, expectFailure } = this.#context
    try {
      if (this.log.state === 'offline') {
        if (prng.chance(0.5)) await this.#reopen()
        return
      }
      const task = prng.below(6)
      if (task === 0) await this.#removeByRequest()
      else if (task <= 2) await this.#applyRetention()
      else await this.flush()
    } catch (error) {
      if (!isOver()) expectFailure(error)
    }
  }

  async flush(): Promise<void> {
    const { world, partition, isOver } = this.#context
    const end = this.log.logEndOffset
    world.trace?.(`  partition ${this.log.partition}: flush up to ${end}`)
    await this.log.flush()
    if (!isOver()) partition.ledger.flushed(end)
  }

  /** After a failed write or sync: what was not synced may be gone, the rest is there under a higher epoch. */
  async #reopen(): Promise<void> {
    const { world, partition, isOver } = this.#context
    const { log } = this
    world.trace?.(`  partition ${log.partition}: opens again`)
    partition.ledger.powerLost()
    await log.reopen()
    // Somebody else may have asked for the same, and appended since.
    if (isOver() || log.leaderEpoch <= partition.ledger.highestEpoch) return
    world.moments.reach('log went offline and was opened again in the same life')
    partition.ledger.reopened({ endOffset: log.logEndOffset, leaderEpoch: log.leaderEpoch })
    await this.#read()
  }

  async #applyRetention(): Promise<void> {
    const { world, clock, partition, isOver } = this.#context
    const { log } = this
    const { ledger } = partition
    const nowMs = clock.nowMs()
    const startBefore = log.logStartOffset
    this.#retentionsInFlight.add(nowMs)
    this.#allowRetention()
    const limit = ledger.possibleStart
    world.trace?.(`  partition ${log.partition}: retention from ${startBefore}, at most to ${limit}`)
    try {
      await log.applyRetention(nowMs)
    } finally {
      this.#allowRetention()
      this.#retentionsInFlight.delete(nowMs)
    }
    if (isOver()) return
    const start = log.logStartOffset
    expectThat(
      start <= ledger.possibleStart,
      () => `retention moved the log start to ${start}, it may go to ${ledger.possibleStart}`,
    )
    if (start > startBefore) world.moments.reach('records were removed by retention')
  }

  /** A retention that waits for its turn decides later, with more bytes behind what it removes. */
  #allowRetention(): void {
    const { world, partition } = this.#context
    const { ledger } = partition
    for (const nowMs of this.#retentionsInFlight) {
      const start = ledger.retainableStart(this.log.logStartOffset, { ...world.shape.config, nowMs })
      ledger.possibleStart = Math.max(ledger.possibleStart, start)
    }
  }

  async #removeByRequest(): Promise<void> {
    const { world, prng, partition, isOver } = this.#context
    const { log } = this
    const { ledger } = partition
    const offset = log.logStartOffset + prng.below(log.highWatermark - log.logStartOffset + 1)
    ledger.possibleStart = Math.max(ledger.possibleStart, offset)
    world.trace?.(`  partition ${log.partition}: remove everything before ${offset}`)
    await log.truncateBefore(offset)
    if (isOver()) return
    expectThat(
      log.logStartOffset >= offset,
      () => `the log starts at ${log.logStartOffset}, asked for ${offset}`,
    )
    ledger.promisedStart = Math.max(ledger.promisedStart, offset)
    world.moments.reach('records were removed by request')
  }

  /** Looks at what everybody may see. */
  observe(): void {
    const { partition, isOver, hasFailed } = this.#context
    if (isOver() || this.log.state === 'offline') return
    this.#allowRetention()
    const { highWatermark, logStartOffset, logEndOffset } = this.log
    partition.ledger.saw({ highWatermark, logStartOffset, logEndOffset })
    if (!hasFailed()) this.#checkWindow()
  }

  /** The log calls from the middle of its work: an error must not unwind through it. The driver throws it later. */
  #observeQuietly(): void {
    try {
      this.observe()
    } catch (error) {
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    const { world, isOver } = this.#context
    if (!isOver()) world.observed ??= error instanceof Error ? error : new Error(String(error))
  }

  /** The unsynced bytes of a partition never exceed W, unless one batch alone does. */
  #checkWindow(): void {
    const { world, partition, fs } = this.#context
    const { writeAheadWindowBytes } = world.shape.limits
    let unsyncedBytes = 0
    const directory = fs.disk.find(partition.directory)
    if (directory?.kind !== 'directory') return
    for (const [name, node] of directory.names) {
      if (node.kind === 'file' && name.endsWith('.log')) unsyncedBytes += node.unsyncedBytes
    }
    if (unsyncedBytes * 2 >= writeAheadWindowBytes) world.moments.reach('unsynced bytes reached half of W')
    const largestBatchBytes = 3 * (world.shape.largestValueBytes + 100) + 100
    const allowedBytes = Math.max(writeAheadWindowBytes, largestBatchBytes)
    expectThat(
      unsyncedBytes <= allowedBytes,
      () => `${unsyncedBytes} unsynced bytes, W is ${writeAheadWindowBytes}`,
    )
  }
}
