import { describe, expect, it } from 'vitest'
import { MomentCounters } from '../moments.ts'
import { runSeed } from '../seed-run.ts'
import { ALL_PLANTS, plantNamed } from './all-plants.ts'

const SEEDS_AT_MOST = 500

describe('a planted bug', () => {
  it.each(ALL_PLANTS.map((plant) => ({ name: plant.name, plant })))(
    '$name is found within 500 seeds',
    { timeout: 60_000 },
    async ({ plant }) => {
      let foundBy: number | null = null
      for (let seed = 0; seed < SEEDS_AT_MOST && foundBy === null; seed++) {
        const { problem } = await runSeed(seed, { moments: new MomentCounters(), plant })
        if (problem !== null) foundBy = seed
      }
      expect(foundBy).not.toBe(null)
    },
  )

  it('has a name of its own, and there are at least twelve', () => {
    expect(new Set(ALL_PLANTS.map(({ name }) => name)).size).toBe(ALL_PLANTS.length)
    expect(ALL_PLANTS.length).toBeGreaterThanOrEqual(12)
    expect(plantNamed('ack-before-sync')?.description).toContain('sync')
    expect(plantNamed('no such plant')).toBe(undefined)
  })
})
