import { describe, expect, it } from 'vitest'
import type { Topic } from '../cluster/topic.ts'
import { describeInTurns } from './in-turns.ts'

function topicsOf(...partitionCounts: readonly number[]): Topic[] {
  return partitionCounts.map((partitionCount, index) => ({
    name: `t${index}`,
    topicId: 'Wiukvg8ARA-YWuz5pZ5zgg',
    partitionCount,
    replicationFactor: 1,
    configs: {},
    assignments: {},
    madePartitions: partitionCount,
  }))
}

/** A clock whose turns end when they are told to. */
function manualTurns() {
  const waiting: (() => void)[] = []
  const never = (): never => {
    throw new Error('not asked for here')
  }
  const clock = {
    nowMs: never,
    monotonicMs: never,
    after: never,
    endOfTurn: (run: () => void) => waiting.push(run),
  }
  const endTurn = async (): Promise<void> => {
    waiting.shift()?.()
    await Promise.resolve()
  }
  return { clock, endTurn }
}

const countOf = (topics: readonly Topic[]): number =>
  topics.reduce((sum, { partitionCount }) => sum + partitionCount, 0)

describe('describeInTurns', () => {
  it('describes a few at once, and nothing as nothing', () => {
    const { clock } = manualTurns()
    const names = (topics: readonly Topic[]) => topics.map(({ name }) => name)
    expect(describeInTurns(clock, topicsOf(400, 400), names)).toEqual(['t0', 't1'])
    expect(describeInTurns(clock, [], names)).toEqual([])
  })

  it('describes no more than a thousand partitions and one topic in one turn, and all of them in the end', async () => {
    const { clock, endTurn } = manualTurns()
    const counts: number[] = []
    const described = describeInTurns(clock, topicsOf(400, 400, 400, 900, 200, 3000, 1), (topics) => {
      counts.push(countOf(topics))
      return topics.map(({ name }) => name)
    })
    expect(counts).toEqual([1200])
    await endTurn()
    expect(counts).toEqual([1200, 1100])
    for (let turn = 0; turn < 3; turn++) await endTurn()
    expect(await described).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6'])
    expect(counts).toEqual([1200, 1100, 3000, 1])
  })
})
