/**
 * Runs the simulation of classic groups under a range of seeds, for a night or to replay one of them:
 *
 *     node --conditions=@millrace/source packages/consumer-groups/test/run-seeds.ts FIRST [COUNT]
 */
import { simulateClassicGroup } from '../src/testing/simulate-group.ts'

const [first = 1, count = 1] = process.argv.slice(2).map(Number)
const reached: Record<string, number> = {}
for (let seed = first; seed < first + count; seed++) {
  try {
    for (const [moment, times] of Object.entries(simulateClassicGroup(seed)))
      reached[moment] = (reached[moment] ?? 0) + times
  } catch (cause) {
    throw new Error(`seed ${seed} fails`, { cause })
  }
}
process.stdout.write(`${count} seeds from ${first}: ${JSON.stringify(reached)}\n`)
