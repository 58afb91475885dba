import { strict as assert } from 'node:assert'
import { Bench } from 'tinybench'
import type { MicroTask, OpenSuite } from './micro-suite.ts'

/** How long and how often. */
export interface RoundOptions {
  readonly rounds: number
  readonly roundMs: number
}

/** Enough for a median that one disturbed round does not move. */
export const FEWEST_ROUNDS = 7

/** One task's figures: nanoseconds of one operation, a figure per round. */
export interface TaskResult {
  readonly task: MicroTask
  readonly nanosecondsPerRound: readonly number[]
  readonly checksum: number
}

/**
 * Measures every task in every round, round by round, so that whatever else the machine does meanwhile falls on
 * all of them. One more round in front warms up and is not counted.
 */
export async function measureRounds(suite: OpenSuite, options: RoundOptions): Promise<TaskResult[]> {
  const results = suite.tasks.map((task) => ({ task, nanosecondsPerRound: [] as number[], checksum: 0 }))
  for (let round = -1; round < options.rounds; round++) {
    for (const result of results) {
      await result.task.before?.()
      const measured = await measureOnce(result.task, suite, options)
      await result.task.after?.()
      result.checksum = measured.checksum
      if (round >= 0) result.nanosecondsPerRound.push(measured.nanoseconds)
    }
  }
  return results
}

async function measureOnce(
  task: MicroTask,
  suite: OpenSuite,
  options: RoundOptions,
): Promise<{ nanoseconds: number; checksum: number }> {
  let checksum = 0
  const bench = new Bench({
    ...(suite.callsPerRound === undefined
      ? { time: options.roundMs, iterations: 1 }
      : { time: 0, iterations: suite.callsPerRound }),
    warmup: false,
    throws: true,
  })
  const keep = (value: number) => {
    checksum = value
  }
  // An async function would add a promise to every call of a synchronous task.
  bench.add(task.name, () => {
    const value = task.run()
    return value instanceof Promise ? value.then(keep) : keep(value)
  })
  const [finished] = await bench.run()
  const result = finished?.result
  assert(result?.state === 'completed', `${task.name} did not complete`)
  return { nanoseconds: (result.latency.mean * 1e6) / task.operations, checksum }
}
