import { strict as assert } from 'node:assert'
import { LogDirectory, type PartitionLog, StorageError } from '@millrace/log-core'
import type { SimulatedFileSystem } from '../disk/simulated-file-system.ts'
import type { Prng } from '../prng.ts'
import type { SimulatedClock } from '../time/simulated-clock.ts'
import { type ChainEnd, copySegments, findChain, type SegmentImages } from './chain-oracle.ts'
import { checkRecovered } from './checker.ts'
import type { LedgerBatch } from './ledger.ts'
import type { LifePlan } from './life-plan.ts'
import { type PartitionContext, PartitionWork } from './partition-work.ts'
import { expectThat, Violation } from './violation.ts'
import { DATA_DIRECTORY, type PartitionWorld, TOPIC, TOPIC_ID, type World } from './world.ts'

/** `quiet`: nothing is unsynced and every mark is on the disk. */
export type LifePhase = 'starting' | 'recovering' | 'serving' | 'quiet' | 'closing' | 'closed'

/** Marks are on the disk at most this long after what they report. */
const QUIET_MS = 100

/** One simulated process: opens the directory, checks what it finds, works until it is stopped or killed. */
export class Life {
  phase: LifePhase = 'starting'
  readonly #world: World
  readonly #fs: SimulatedFileSystem
  readonly #clock: SimulatedClock
  readonly #prng: Prng
  readonly #work: PartitionWork[] = []

  constructor(world: World, machine: { fs: SimulatedFileSystem; clock: SimulatedClock }) {
    this.#world = world
    this.#fs = machine.fs
    this.#clock = machine.clock
    this.#prng = world.prng.fork()
  }

  /** `onServing` is called when the first request could be served. */
  async run(plan: Pick<LifePlan, 'steps' | 'end'> & { onServing: () => void }): Promise<void> {
    const images = this.#world.partitions.map(({ directory }) => copySegments(this.#world.disk, directory))
    const directory = await this.#openDirectory()
    if (directory === null) return
    this.phase = 'recovering'
    for (const [index, partition] of this.#world.partitions.entries()) {
      const before = { images: images[index] ?? [], wasClean: directory.wasCleanShutdown }
      const log = await this.#openLog(directory, partition, before)
      if (log !== null) this.#work.push(new PartitionWork(log, this.#contextOf(partition)))
    }
    this.phase = 'serving'
    plan.onServing()
    for (let step = 0; step < plan.steps && this.#work.length > 0; step++) await this.#step()
    if (plan.end === 'abrupt') return
    for (const work of this.#work) await work.settle()
    if (plan.end === 'quiet') await this.#becomeQuiet()
    else await this.#close(directory)
  }

  async #becomeQuiet(): Promise<void> {
    for (const work of this.#work) if (work.log.state === 'online') await work.flush()
    await this.#pause(QUIET_MS)
    if (this.#fs.gate.failedOperation === null) this.phase = 'quiet'
  }

  /** Null when it refuses what rot made of its files. */
  async #openDirectory(): Promise<LogDirectory | null> {
    const { shape, plant, moments, isDirectoryDamaged } = this.#world
    const fs = plant?.wrapFileSystem?.(this.#fs) ?? this.#fs
    const randomBytes = (count: number): Buffer =>
      Buffer.from(Array.from({ length: count }, () => this.#prng.below(256)))
    const options = {
      clock: this.#clock,
      defaultConfig: shape.config,
      limits: plant?.changeLimits?.(shape.limits) ?? shape.limits,
      plantedBugs: plant?.bugs ?? {},
      randomBytes,
    }
    const open = (): Promise<LogDirectory> => LogDirectory.open(fs, DATA_DIRECTORY, options)
    const directory = await this.#tryTwice('the directory', open, isDirectoryDamaged)
    if (directory === null) moments.reach('rot made the directory be refused')
    return directory
  }

  /** Opens the log and checks it. Null when it refuses what a failed operation or rot made of it. */
  async #openLog(
    directory: LogDirectory,
    partition: PartitionWorld,
    before: { images: SegmentImages; wasClean: boolean },
  ): Promise<PartitionLog | null> {
    const { moments } = this.#world
    const request = { topic: TOPIC, partition: partition.partition, topicId: TOPIC_ID }
    const name = `partition ${partition.partition}`
    const mayRefuse = partition.damage !== 'none' || this.#world.isDirectoryDamaged
    const log = await this.#tryTwice(name, () => directory.openLog(request), mayRefuse)
    if (log === null) {
      moments.reach('damaged partition was refused')
      return null
    }
    const checked = await this.#tryTwice(name, () => this.#check(log, partition, before), mayRefuse)
    if (checked === null) moments.reach('rot was detected by a read')
    return checked === null ? null : log
  }

  /** A failing operation fails once, so what it hit must work the second time. Null: it refused what was damaged. */
  async #tryTwice<T>(what: string, run: () => Promise<T>, mayRefuse: boolean): Promise<T | null> {
    try {
      return await run()
    } catch (error) {
      if (this.#fs.gate.isDead || !(error instanceof StorageError)) throw error
      if (mayRefuse && isRefusal(error)) return null
      const isPlanned = this.#fs.gate.failedOperation !== null
      expectThat(isPlanned, () => `${what} was refused, and nothing had failed: ${error.message}`)
    }
    try {
      const result = await run()
      this.#world.moments.reach('open failed and worked the second time')
      return result
    } catch (error) {
      const isFailure = !this.#fs.gate.isDead && error instanceof StorageError
      // A failed write or sync leaves doubt, and a log may say so; without marks none can be opened in this life.
      if (isFailure && (isRefusal(error) || this.#haveMarksFailed())) return null
      if (isFailure) throw new Violation(`${what} did not open after one failure: ${error.message}`)
      throw error
    }
  }

  #haveMarksFailed(): boolean {
    return this.#fs.gate.failedOperation?.path.startsWith(`${DATA_DIRECTORY}/sync-marks`) ?? false
  }

  async #check(
    log: PartitionLog,
    partition: PartitionWorld,
    before: { images: SegmentImages; wasClean: boolean },
  ): Promise<void> {
    const { ledger, damage } = partition
    const chain = findChain(before.images, log.logStartOffset, (offset) => ledger.epochAt(offset))
    const { visibleEnd, syncedEnd, writtenEnd } = ledger
    const found = `${log.logStartOffset} to ${log.logEndOffset}, epoch ${log.leaderEpoch}`
    this.#world.trace?.(
      `partition ${partition.partition} opened: ${found}; synced ${syncedEnd}, written ${writtenEnd}, visible ${visibleEnd}`,
    )
    const facts = {
      chain,
      wasClean: before.wasClean,
      isDamaged: damage !== 'none' || this.#fs.gate.failedOperation !== null,
    }
    const { lost } = await checkRecovered(log, ledger, facts)
    this.#countLosses(lost, { visibleBefore: visibleEnd, chain })
  }

  #countLosses(lost: readonly LedgerBatch[], found: { visibleBefore: number; chain: ChainEnd }): void {
    const { moments } = this.#world
    if (found.chain.isBroken) moments.reach('torn tail was cut')
    if (found.chain.hasBatchBehindBreak) moments.reach('hole before a whole batch was cut')
    if (lost.some((batch) => batch.state === 'acknowledged')) moments.reach('unsynced acks=1 suffix was lost')
    if (lost.some((batch) => batch.lastOffset < found.visibleBefore)) {
      moments.reach('visible record was lost and its epoch told so')
    }
  }

  #contextOf(partition: PartitionWorld): PartitionContext {
    const { gate } = this.#fs
    const hasFailed = (): boolean => partition.damage !== 'none' || gate.failedOperation !== null
    return {
      world: this.#world,
      partition,
      clock: this.#clock,
      prng: this.#prng.fork(),
      fs: this.#fs,
      isOver: () => gate.isDead,
      hasFailed,
      expectFailure: (error) => {
        if (gate.isDead || !(error instanceof StorageError)) throw error
        expectThat(hasFailed(), () => `nothing had failed: ${error.message}`)
        if (error.code === 'CORRUPT') this.#world.moments.reach('rot was detected by a read')
      },
    }
  }

  async #step(): Promise<void> {
    const action = this.#prng.below(10)
    if (action < 7) {
      const burst = this.#prng.between(1, this.#world.shape.largestBurst)
      for (let count = 0; count < burst; count++) this.#prng.pick(this.#work).sender.send()
    } else await this.#prng.pick(this.#work).doSomethingElse()
    // Most steps follow within the time that a sync takes, so that appends meet syncs in flight.
    if (this.#prng.chance(0.6)) await this.#pause(this.#prng.pick([0, 0.5, 2, 2, 30]))
    for (const work of this.#work) work.observe()
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(delayMs, resolve))
  }

  async #close(directory: LogDirectory): Promise<void> {
    this.phase = 'closing'
    // A log that is offline now promises nothing by being closed, even if it comes back meanwhile.
    const ends = this.#work.map(({ log }) => (log.state === 'online' ? log.logEndOffset : 0))
    try {
      await directory.close()
    } catch (error) {
      const isPlanned = this.#fs.gate.failedOperation !== null && error instanceof StorageError
      if (!isPlanned) throw error
      return
    }
    for (const [index, { log }] of this.#work.entries()) {
      const end = ends[index]
      assert(end !== undefined)
      if (log.error === null) this.#world.partitions[log.partition]?.ledger.flushed(end)
    }
    this.phase = 'closed'
  }
}

/** What a log says about bytes that are not what was written. */
export function isRefusal(error: unknown): boolean {
  return error instanceof StorageError && ['CORRUPT', 'NOT_OURS', 'UNSUPPORTED_FORMAT'].includes(error.code)
}
