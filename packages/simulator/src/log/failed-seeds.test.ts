import { describe, expect, it } from 'vitest'
import { MomentCounters } from './moments.ts'
import { runSeed } from './seed-run.ts'

/**
 * Seeds that once found a bug of the log, with what that was. A seed draws the same numbers only as long as the workload
 * asks for the same ones, so what has to stay found also has a test of its own beside the code.
 */
const FAILED_SEEDS: readonly (readonly [seed: number, bug: string])[] = [
  [261, 'a log opened itself again while a sync was on its way, which then marked more than was left'],
  [906, 'the name of a directory was never synced when its maker died in between'],
  [1869, 'who waited for durable marks after a failed append of a mark waited for ever'],
  [1973, 'a failed write that was cut off came back, because a cut needs an fsync'],
  [2083, 'a flipped bit made another epoch of the epoch checkpoint'],
  [2113, 'a flipped bit in a base offset skipped records without a word'],
  [3075, 'a clean stop after half a roll was refused by the next start'],
  [3350, 'a read that began before retention removed its segment found nothing'],
  [5755, 'a log that opened itself again had no last segment when the power failed'],
  [5780, 'two moves of the log start at once lost the epochs between them'],
  [5814, 'the retry of a failed sync in recovery was believed'],
  [9212, 'a read went on behind a segment that retention removed under it'],
  [10_932, 'a request to remove records was answered by a removal that was not durable'],
  [65_201, 'behind a seal that rotted, a time index that the power failure had torn was believed'],
  [100_729, 'a snapshot rotted, and producers were not looked for in segments about to be removed'],
  [120_756, 'a log opened itself again while its start moved, and went back to the one before'],
  [
    156_648,
    'a compaction that was not decided yet was completed, since the old segment was as empty as the new',
  ],
  [701_709, 'a log whose making failed was opened, and the name of its directory was never synced'],
  [
    703_550,
    'two starts died before the name of a marks file was durable, and the third took that for a loss',
  ],
  // The oracle's, not the log's.
  [713_919, 'a failed write came back after its epoch was over, and was rightly cut again'],
  [726_974, 'the only record of the start of a log rotted, and what had been removed came back'],
]

describe('a seed that once found', () => {
  it.each(FAILED_SEEDS.map(([seed, bug]) => ({ seed, bug })))('$bug (seed $seed)', async ({ seed }) => {
    expect((await runSeed(seed, { moments: new MomentCounters() })).problem).toBe(null)
  })
})
