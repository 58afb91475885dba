import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { strikeEveryOperation } from './every-operation.ts'
import { MomentCounters } from './moments.ts'
import { runSeed } from './seed-run.ts'
import { runSeeds } from './seeds-run.ts'

/** So many that the rarest moment comes about ten times: four crash states each, 5,000 with those of the other test. */
const SEED_COUNT = 1_200
/** `STRIKE_SEED` strikes every operation of that seed; without it every seventh of seed 1. */
const STRIKE_SEED = process.env.STRIKE_SEED

describe('the log under crashes, failing operations and rot', () => {
  it('keeps every promise in every seed, and every interesting moment is reached', {
    timeout: 120_000,
  }, async () => {
    const run = await runSeeds({ seedCount: SEED_COUNT, firstSeed: 0 })
    expect(
      run.problems.slice(0, 3).map(({ seed, problem }) => `seed ${seed}: ${problem.slice(0, 300)}`),
    ).toEqual([])
    expect(run.moments.missing()).toEqual([])
  })

  it('keeps every promise when any single operation is the last one or fails', {
    timeout: 1_800_000,
  }, async () => {
    const seed = Number(STRIKE_SEED ?? 1)
    const stride = STRIKE_SEED === undefined ? 7 : 1
    let struckCount = 0
    const problems: string[] = []
    for await (const struck of strikeEveryOperation(seed, { moments: new MomentCounters(), stride })) {
      struckCount++
      if (struck.problem !== null)
        problems.push(`${struck.blow} at operation ${struck.atOperation}: ${struck.problem.slice(0, 300)}`)
    }
    expect(problems.slice(0, 3)).toEqual([])
    expect(struckCount).toBeGreaterThan(60)
  })

  it('does exactly the same twice for one seed', async () => {
    const trace = async (seed: number): Promise<string[]> => {
      const lines: string[] = []
      await runSeed(seed, { moments: new MomentCounters(), trace: (line) => lines.push(line) })
      return lines
    }
    for (const seed of [1, 2, 3]) expect(await trace(seed)).toEqual(await trace(seed))
    expect(await trace(1)).not.toEqual(await trace(2))
  })
})
