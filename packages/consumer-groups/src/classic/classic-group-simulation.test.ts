import { expect, it } from 'vitest'
import { type SimulationReport, simulateClassicGroup } from '../testing/simulate-group.ts'

const SEEDS = 300

it(`keeps its invariants and settles, under ${SEEDS} seeds of chaos`, () => {
  const reached: Record<string, number> = {}
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const [moment, count] of Object.entries(run(seed))) reached[moment] = (reached[moment] ?? 0) + count
  }
  // A moment that was never reached was not tested.
  for (const [moment, count] of Object.entries(reached)) expect([moment, count > 0]).toEqual([moment, true])
  expect(reached.generations).toBeGreaterThan(SEEDS)
}, 60_000)

it('gives the same run for the same seed', () => {
  expect(simulateClassicGroup(7)).toEqual(simulateClassicGroup(7))
})

function run(seed: number): SimulationReport {
  try {
    return simulateClassicGroup(seed)
  } catch (cause) {
    throw new Error(`seed ${seed} fails; replay it with simulateClassicGroup(${seed})`, { cause })
  }
}
