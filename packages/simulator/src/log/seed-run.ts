import { runCompactionSeed } from '../compaction/compaction-run.ts'
import type { Operation } from '../disk/operation-gate.ts'
import type { CrashKind } from '../disk/simulated-disk.ts'
import type { SimulatedFileSystem } from '../disk/simulated-file-system.ts'
import { SimulatedClock } from '../time/simulated-clock.ts'
import { countCrash } from './crash-moments.ts'
import { driveLife } from './drive-life.ts'
import { Life, type LifePhase } from './life.ts'
import { type LifePlan, lastLifePlan, planLife } from './life-plan.ts'
import type { MomentCounters } from './moments.ts'
import type { Plant } from './plants/plant.ts'
import { rotSomewhere } from './rot.ts'
import { Violation } from './violation.ts'
import { createWorld, type World } from './world.ts'

const LIVES = 4

export interface SeedResult {
  readonly seed: number
  /** What the log did wrong, in one line; null when it kept its promises. */
  readonly problem: string | null
  /** Of all lives together. */
  readonly operationCount: number
  readonly crashCount: number
}

export interface SeedOptions {
  readonly moments: MomentCounters
  readonly plant?: Plant | null
  readonly trace?: ((line: string) => void) | null
  /** Changes what happens to a life, counted from 1. */
  readonly changePlan?: (life: number, plan: LifePlan) => LifePlan
  /** Told of each life that broke no promise. */
  readonly onLifeEnd?: (life: number, end: LifeEnd) => void
}

/** So often a seed has lives of a compacted log as well. */
const COMPACTION_EVERY = 4

/** One seed: all that it draws. */
export async function runSeed(seed: number, options: SeedOptions): Promise<SeedResult> {
  const { moments, plant = null } = options
  const isCompactionOnly = plant?.isOfCompaction === true
  const result = isCompactionOnly ? NOTHING_YET : await runLives(seed, options)
  const hasCompaction =
    isCompactionOnly || (seed % COMPACTION_EVERY === 0 && options.changePlan === undefined)
  if (!hasCompaction || result.problem !== null) return { seed, ...result }
  const compaction = await runCompactionSeed(seed, { moments, plant })
  return {
    seed,
    problem: compaction.problem,
    operationCount: result.operationCount + compaction.operationCount,
    crashCount: result.crashCount + compaction.crashCount,
  }
}

const NOTHING_YET = { problem: null, operationCount: 0, crashCount: 0 }

/** Four lives that end in a crash or a clean stop, and a last one in which everything must be there. */
async function runLives(seed: number, options: SeedOptions): Promise<Omit<SeedResult, 'seed'>> {
  const { moments, plant = null, trace = null, changePlan = (_, plan) => plan } = options
  const world = createWorld(seed, { moments, plant, trace })
  trace?.(`shape ${JSON.stringify(world.shape)}`)
  let operationCount = 0
  let crashCount = 0
  let lastPhase: LifePhase = 'closed'
  let life = 1
  try {
    for (; life <= LIVES + 1; life++) {
      const planned = life > LIVES ? lastLifePlan() : planLife(world.prng, world.shape)
      const end = await liveOnce(world, changePlan(life, planned), { isFirst: life === 1, lastPhase })
      options.onLifeEnd?.(life, end)
      operationCount += end.operationCount
      if (end.hasCrashed) crashCount++
      lastPhase = end.phase
    }
    return { problem: null, operationCount, crashCount }
  } catch (error) {
    return { problem: `life ${life}: ${explain(error)}`, operationCount, crashCount }
  }
}

export interface LifeEnd {
  readonly phase: LifePhase
  readonly hasCrashed: boolean
  readonly operationCount: number
}

async function liveOnce(
  world: World,
  plan: LifePlan,
  place: { isFirst: boolean; lastPhase: LifePhase },
): Promise<LifeEnd> {
  const { prng, disk } = world
  const clock = new SimulatedClock({ startMs: world.nowMs })
  const fs = disk.boot(clock)
  const { gate } = fs
  traceOperations(world, fs, clock)
  gate.plannedFailure = plan.failure
  if (plan.crash?.since === 'start') gate.crashAtOperation = plan.crash.afterOperations
  const life = new Life(world, { fs, clock })
  const onServing = (): void => {
    if (plan.crash?.since === 'serving')
      gate.crashAtOperation = gate.operationCount + plan.crash.afterOperations
  }
  await driveLife(life.run({ ...plan, onServing }), { fs, clock, world })
  if (gate.isDead) countCrash(world, fs, { ...place, phase: life.phase })
  noteDamage(world, gate.failedOperation)
  stopMachine(world, life.phase)
  world.nowMs = clock.nowMs() + prng.pick([0, 10, 1000])
  return { phase: life.phase, hasCrashed: gate.isDead, operationCount: gate.operationCount }
}

/** Whatever became of the process: now it is gone, in half of the cases with everything that was not synced. */
function stopMachine(world: World, phase: LifePhase): void {
  const { prng, disk, moments, shape } = world
  const kind: CrashKind = prng.chance(0.5) ? 'process' : 'power'
  world.trace?.(`life ended while ${phase}; then ${kind} failure`)
  disk.crash(kind)
  moments.reach(kind === 'power' ? 'power failed' : 'process was killed')
  if (kind === 'power') {
    for (const partition of world.partitions) {
      partition.ledger.powerLost()
      // From now on everybody sees what the disk has, and nothing else.
      if (partition.damage === 'failed-operation') partition.damage = 'none'
    }
    if (phase === 'closed') moments.reach('power failed after a clean shutdown')
  }
  const isAtRest = phase === 'quiet' || phase === 'closed'
  if (shape.fault === 'rot' && isAtRest) rotSomewhere(world)
}

function traceOperations({ trace }: World, fs: SimulatedFileSystem, clock: SimulatedClock): void {
  if (trace === null) return
  trace(`boot ${fs.bootId()}`)
  fs.gate.onFailure = (error) => trace(error.message)
  fs.gate.onOperation = ({ number, kind, path }) => {
    trace(`${clock.monotonicMs().toFixed(2).padStart(8)} ms  ${String(number).padStart(4)} ${kind} ${path}`)
  }
}

/** A failed write or sync leaves its partition in doubt: a log may refuse it, or keep less than lies there. */
function noteDamage(world: World, failed: Operation | null): void {
  if (failed === null) return
  for (const partition of world.partitions) {
    if (!failed.path.startsWith(`${partition.directory}/`)) continue
    if (partition.damage === 'none') partition.damage = 'failed-operation'
    // What the sync should have covered may be unreadable from the next start on.
    if (failed.kind === 'sync' || failed.kind === 'sync-end') partition.ledger.powerLost()
  }
}

function explain(error: unknown): string {
  if (error instanceof Violation) return error.message
  return error instanceof Error ? (error.stack ?? error.message).replaceAll('\n', ' | ') : String(error)
}
