import { formatSpread, type Spread, spreadOf } from '../harness/median.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { runChild } from './child.ts'
import type { LogBench, LogRow } from './log-bench.ts'
import { writeManyPartitions } from './many-partitions.ts'

const SEGMENTS = 10
/** The goals are for so many partitions; with fewer, times count in proportion and memory does not. */
const GOAL_PARTITIONS = 10_000
const GOALS = { cleanMs: 1_000, killedMs: 5_000, rssMb: 150 } as const

interface Opened {
  readonly elapsedMs: number
  readonly rssMb: number
  readonly endOffsets: number
  readonly wasCleanShutdown: boolean
}

/** A process of its own opens everything, in turn after a clean stop and after it was killed. */
export const openBench: LogBench = {
  name: 'open',
  async measure({ rounds, partitions, isTiny }) {
    const temporary = new TemporaryDirectory()
    const path = temporary.fresh()
    const count = isTiny ? 5 : partitions
    try {
      await writeManyPartitions(path, { partitions: count, segments: SEGMENTS })
      const clean: Opened[] = []
      const killed: Opened[] = []
      for (let round = -1; round < rounds; round++) {
        const first = await open(path, { isClean: true, end: 'kill', count })
        const second = await open(path, { isClean: false, end: 'close', count })
        if (round < 0) continue
        clean.push(first)
        killed.push(second)
      }
      const what = `open ${count} partitions of ${SEGMENTS} segments`
      const share = count / GOAL_PARTITIONS
      const timesOf = (opened: readonly Opened[]) => spreadOf(opened.map(({ elapsedMs }) => elapsedMs))
      return [
        toRow(`${what}, after a clean stop`, timesOf(clean), { most: GOALS.cleanMs * share, unit: 'ms' }),
        toRow(`${what}, after a kill`, timesOf(killed), { most: GOALS.killedMs * share, unit: 'ms' }),
        toRow(`${what}, memory (RSS)`, spreadOf(clean.map(({ rssMb }) => rssMb)), {
          most: GOALS.rssMb,
          unit: 'MB',
        }),
      ]
    } finally {
      temporary.remove()
    }
  },
}

async function open(
  path: string,
  { isClean, end, count }: { isClean: boolean; end: 'kill' | 'close'; count: number },
): Promise<Opened> {
  const opened: Opened = JSON.parse(await runChild('partition-opener.ts', [path], end))
  if (opened.wasCleanShutdown !== isClean || opened.endOffsets !== count * SEGMENTS)
    throw new Error(`opened ${JSON.stringify(opened)}, expected ${count * SEGMENTS} records`)
  return opened
}

function toRow(what: string, spread: Spread, { most, unit }: { most: number; unit: string }): LogRow {
  return {
    what,
    goal: `${most} ${unit}`,
    ours: `${formatSpread(spread, 0)} ${unit}`,
    reference: '',
    ratio: (spread.median / most).toFixed(2),
    isReached: spread.median <= most,
  }
}
