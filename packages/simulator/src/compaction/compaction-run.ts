import { DEFAULT_LOG_CONFIG, LogDirectory, type PartitionLog, StorageError } from '@millrace/log-core'
import { CrashError } from '../disk/crash-error.ts'
import type { PlannedFailure } from '../disk/operation-gate.ts'
import { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { SimulatedFileSystem } from '../disk/simulated-file-system.ts'
import { isRefusal } from '../log/life.ts'
import type { MomentCounters } from '../log/moments.ts'
import type { Plant } from '../log/plants/plant.ts'
import { Violation } from '../log/violation.ts'
import { Prng } from '../prng.ts'
import { SimulatedClock } from '../time/simulated-clock.ts'
import { KeyedRecords } from './keyed-records.ts'

const LIVES = 5
const BURSTS = 12
const PASSES = 3
/** A life takes about a thousand. */
const MOST_STEPS = 20_000
const TOPIC = { topic: 't', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }
const CONFIG = {
  ...DEFAULT_LOG_CONFIG,
  cleanupPolicy: ['compact'] as const,
  segmentBytes: 700,
  indexIntervalBytes: 150,
  deleteRetentionMs: 5,
}

/** What is done to a life: the process dies at an operation, counted from its start or its first pass, or that one fails. */
export interface CompactionBlow {
  readonly since: 'start' | 'compaction'
  readonly afterOperations: number
  readonly kind: 'crash' | PlannedFailure['code']
}

export interface CompactionOptions {
  readonly moments: MomentCounters
  readonly plant?: Plant | null
  /** The blows of the lives, in order, instead of drawn ones. */
  readonly blows?: readonly (CompactionBlow | null)[]
}

export interface CompactionRun {
  /** What the log did wrong, in one line; null when it kept its promises. */
  readonly problem: string | null
  readonly operationCount: number
  readonly crashCount: number
  /** Of each life, whether its blow struck. */
  readonly struck: readonly boolean[]
}

/** Lives of a compacted log that end in the middle of a pass, of a swap, or of what a start makes of one. */
export async function runCompactionSeed(seed: number, options: CompactionOptions): Promise<CompactionRun> {
  const world = new CompactionWorld(seed, options)
  let problem: string | null = null
  const lives = options.blows?.length ?? LIVES
  try {
    for (let life = 0; life < lives; life++) {
      const blow = options.blows === undefined ? world.drawBlow(life === 0) : (options.blows[life] ?? null)
      if (!(await world.live(blow))) break
    }
  } catch (error) {
    problem = `compaction, life ${world.struck.length + 1}: ${explain(error)}`
  }
  return {
    problem,
    operationCount: world.operationCount,
    crashCount: world.struck.length,
    struck: world.struck,
  }
}

interface Machine {
  readonly fs: SimulatedFileSystem
  readonly clock: SimulatedClock
}

class CompactionWorld {
  operationCount = 0
  readonly struck: boolean[] = []
  readonly #prng: Prng
  readonly #disk: SimulatedDisk
  readonly #records: KeyedRecords
  readonly #options: CompactionOptions
  /** An operation failed in an earlier life: then a log may be refused, for what it could not do. */
  #hasFailed = false

  constructor(seed: number, options: CompactionOptions) {
    this.#prng = new Prng(seed)
    this.#disk = new SimulatedDisk(this.#prng.fork())
    this.#records = new KeyedRecords(this.#prng.fork())
    this.#options = options
  }

  drawBlow(isFirst: boolean): CompactionBlow {
    const since = !isFirst && this.#prng.chance(0.45) ? 'start' : 'compaction'
    const kind = this.#prng.chance(0.7)
      ? 'crash'
      : this.#prng.pick(['EIO', 'ENOSPC', 'EMFILE', 'short'] as const)
    return { since, kind, afterOperations: this.#prng.between(1, since === 'start' ? 90 : 160) }
  }

  /** False when the log was refused after a failure, and nothing more can be said about it. */
  async live(blow: CompactionBlow | null): Promise<boolean> {
    const clock = new SimulatedClock()
    const fs = this.#disk.boot(clock)
    const { gate } = fs
    if (blow?.since === 'start') arm(fs, blow)
    let isServed = true
    try {
      await this.#work({ fs, clock }, blow)
    } catch (error) {
      const isAllowed = error instanceof StorageError && (this.#hasFailed || gate.failedOperation !== null)
      if (!gate.isDead && !isAllowed) throw error
      isServed = gate.isDead || !isRefusal(error)
    }
    this.#count(fs, blow)
    this.#disk.crash(this.#prng.chance(0.5) ? 'power' : 'process')
    return isServed
  }

  async #work(machine: Machine, blow: CompactionBlow | null): Promise<void> {
    const { fs, clock } = machine
    const log = await run(machine, this.#open(machine))
    await run(machine, this.#records.check(log))
    for (let burst = 0; burst < BURSTS; burst++) await run(machine, this.#records.append(log))
    if (blow?.since === 'compaction') arm(fs, blow)
    for (let pass = 0; pass < PASSES; pass++) {
      await run(machine, log.compact({ nowMs: clock.nowMs() + 10, seed: this.#prng.below(2 ** 31) }))
      await run(machine, this.#records.check(log))
      await run(machine, this.#records.append(log))
    }
  }

  async #open({ fs, clock }: Machine): Promise<PartitionLog> {
    const { plant = null } = this.#options
    const randomBytes = (count: number): Buffer =>
      Buffer.from(Array.from({ length: count }, () => this.#prng.below(256)))
    const directory = await LogDirectory.open(plant?.wrapFileSystem?.(fs) ?? fs, '/data', {
      clock,
      randomBytes,
      limits: { tailCacheBytesPerLog: 0 },
      plantedBugs: plant?.bugs ?? {},
    })
    return directory.openLog({ ...TOPIC, config: CONFIG })
  }

  #count({ gate }: SimulatedFileSystem, blow: CompactionBlow | null): void {
    this.operationCount += gate.operationCount
    this.struck.push(gate.isDead || gate.failedOperation !== null)
    this.#hasFailed ||= gate.failedOperation !== null
    const last = gate.trace.at(-1)
    if (!gate.isDead || last === undefined) return
    const { moments } = this.#options
    if (blow?.since === 'compaction') moments.reach('crash in compaction')
    // Behind the decision every step is part of the swap, be it the removal of an old segment or a rename.
    const isSwap = last.path.includes('.swap') || (last.kind === 'remove' && last.path.endsWith('.log'))
    if (isSwap) moments.reach(blow?.since === 'start' ? 'crash in the recovery of a swap' : 'crash in a swap')
  }
}

function arm({ gate }: SimulatedFileSystem, { kind, afterOperations }: CompactionBlow): void {
  const atOperation = gate.operationCount + afterOperations
  if (kind === 'crash') gate.crashAtOperation = atOperation
  else gate.plannedFailure = { atOperation, code: kind }
}

/** Lets simulated time pass until the work is done, or the process is dead: its timers would go on for ever. */
async function run<T>({ fs, clock }: Machine, work: Promise<T>): Promise<T> {
  let isSettled = false
  const watched = work.finally(() => {
    isSettled = true
  })
  watched.catch(() => {})
  let idleSteps = 0
  for (let steps = 0; !isSettled; steps++) {
    idleSteps = (await clock.step()) ? 0 : idleSteps + 1
    if (fs.gate.isDead) throw new CrashError('/data')
    if (!isSettled && (idleSteps > 3 || steps > MOST_STEPS)) throw new Violation('waits for ever')
  }
  return watched
}

function explain(error: unknown): string {
  if (error instanceof Violation) return error.message
  return error instanceof Error ? (error.stack ?? error.message).replaceAll('\n', ' | ') : String(error)
}
