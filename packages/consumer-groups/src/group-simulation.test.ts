import { expect, it } from 'vitest'
import { type Members, type SimulationReport, simulateGroup } from './testing/simulate-group.ts'

/** Enough for every moment to be reached; `test/run-seeds.ts` runs more by night. */
const SEEDS = { classic: 600, consumer: 700, mixed: 700 }

it.each(['classic', 'consumer', 'mixed'] as const)(
  'a group of %s members keeps its invariants and settles, under seeds of chaos',
  (members) => {
    const reached: Record<string, number> = {}
    for (let seed = 1; seed <= SEEDS[members]; seed++) {
      for (const [moment, count] of Object.entries(run(seed, members))) {
        reached[moment] = (reached[moment] ?? 0) + count
      }
    }
    // A moment that was never reached was not tested.
    const expected = members === 'classic' ? { ...reached, handovers: 1 } : reached
    const missed = Object.entries(expected).filter(
      ([moment, count]) => count === 0 && !isAbsent(moment, members),
    )
    expect(missed).toEqual([])
  },
  300_000,
)

it.each([
  [8880003317, 'a broker that crashes after a downgrade spreads what the last KIP-848 member had'],
  [8880013701, 'two members with one instance id do not throw each other out for ever'],
])('seed %i of mixed members settles: %s', (seed) => {
  run(seed, 'mixed')
})

it('gives the same run for the same seed', () => {
  expect(simulateGroup(7, 'mixed')).toEqual(simulateGroup(7, 'mixed'))
})

/** Generations are of the classic protocol. */
function isAbsent(moment: string, members: Members): boolean {
  return members === 'consumer' && moment === 'generations'
}

function run(seed: number, members: Members): SimulationReport {
  try {
    return simulateGroup(seed, members)
  } catch (cause) {
    throw new Error(`seed ${seed} of ${members} fails: see test/run-seeds.ts`, { cause })
  }
}
