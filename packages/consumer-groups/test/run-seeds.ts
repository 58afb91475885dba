/**
 * Runs the simulation of whole groups under a range of seeds, for a night or to replay one of them:
 *
 *     node --conditions=@millrace/source packages/consumer-groups/test/run-seeds.ts classic|consumer|mixed FIRST [COUNT]
 */
import { type Members, simulateGroup } from '../src/testing/simulate-group.ts'

const [members = 'classic', ...range] = process.argv.slice(2)
const [first = 1, count = 1] = range.map(Number)
const reached: Record<string, number> = {}
for (let seed = first; seed < first + count; seed++) {
  try {
    for (const [moment, times] of Object.entries(simulateGroup(seed, members as Members)))
      reached[moment] = (reached[moment] ?? 0) + times
  } catch (cause) {
    throw new Error(`seed ${seed} fails`, { cause })
  }
}
process.stdout.write(`${count} seeds of ${members} from ${first}: ${JSON.stringify(reached)}\n`)
