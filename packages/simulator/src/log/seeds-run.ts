import { MOMENTS, type Moment, MomentCounters } from './moments.ts'
import type { Plant } from './plants/plant.ts'
import { runSeed, type SeedResult } from './seed-run.ts'

/** From this many seeds on every moment has to be reached; the rarest comes about once in 150. */
export const SEEDS_FOR_EVERY_MOMENT = 1500
/** More do not help anybody. */
const PROBLEMS_KEPT = 20

export interface SeedsRun {
  readonly seedCount: number
  readonly operationCount: number
  readonly crashCount: number
  /** The first ones, in order of their seeds. */
  readonly problems: readonly (SeedResult & { readonly problem: string })[]
  readonly moments: MomentCounters
  /** Empty also when there were too few seeds to expect them all. */
  readonly missingMoments: readonly Moment[]
}

/** Runs one seed after the other. Stops early when a run has shown enough problems. */
export async function runSeeds(options: {
  seedCount: number
  firstSeed: number
  plant?: Plant | null
}): Promise<SeedsRun> {
  const { seedCount, firstSeed, plant = null } = options
  const moments = new MomentCounters()
  const problems: (SeedResult & { problem: string })[] = []
  let operationCount = 0
  let crashCount = 0
  let count = 0
  for (; count < seedCount && problems.length < PROBLEMS_KEPT; count++) {
    const result = await runSeed(firstSeed + count, { moments, plant })
    operationCount += result.operationCount
    crashCount += result.crashCount
    if (result.problem !== null) problems.push({ ...result, problem: result.problem })
  }
  const mustReachAll = plant === null && count >= SEEDS_FOR_EVERY_MOMENT
  const missingMoments = mustReachAll ? moments.missing() : []
  return { seedCount: count, operationCount, crashCount, problems, moments, missingMoments }
}

/** The counters of a run, for people. */
export function explainRun(run: SeedsRun, { seconds }: { seconds: number }): string {
  const rate = Math.round(run.seedCount / Math.max(seconds, 0.001))
  const lines = MOMENTS.map((moment) => `${String(run.moments.countOf(moment)).padStart(8)}  ${moment}`)
  const total = `${run.seedCount} seeds, ${run.crashCount} crashes, ${run.operationCount} operations`
  return [...lines, `${total} in ${seconds.toFixed(1)} s (${rate} seeds/s)`].join('\n')
}
