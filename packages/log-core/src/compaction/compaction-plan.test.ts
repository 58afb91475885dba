import { describe, expect, it } from 'vitest'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts'
import { groupForCompaction, planCompaction } from './compaction-plan.ts'

function segments(count: number, sizeBytes = 100) {
  return Array.from({ length: count }, (_, index) => ({
    baseOffset: index * 10,
    endOffset: index * 10 + 10,
    sizeBytes,
    firstTimestampMs: index * 1_000,
    maxTimestampMs: index * 1_000 + 999,
  }))
}

function plan(
  config: Partial<LogConfig>,
  log: { checkpointOffset?: number; highWatermark?: number; nowMs?: number } = {},
) {
  return planCompaction(segments(10), {
    config: { ...DEFAULT_LOG_CONFIG, ...config },
    checkpointOffset: 0,
    highWatermark: 1_000,
    nowMs: 100_000,
    ...log,
  })
}

describe('planCompaction', () => {
  it('counts what lies behind the last pass as dirty', () => {
    expect(plan({}, { checkpointOffset: 70 })).toMatchObject({
      firstDirtyOffset: 70,
      firstUncleanableOffset: 100,
      dirtyBytes: 300,
      dirtyRatio: 0.3,
      isDue: false,
    })
    expect(plan({ minCleanableDirtyRatio: 0.29 }, { checkpointOffset: 70 }).isDue).toBe(true)
  })

  it('leaves alone what consumers have not seen, and what is younger than min.compaction.lag.ms', () => {
    expect(plan({}, { highWatermark: 55 }).firstUncleanableOffset).toBe(50)
    expect(plan({ minCompactionLagMs: 2_000 }, { nowMs: 10_000 }).firstUncleanableOffset).toBe(80)
  })

  it('is due when a record has waited longer than max.compaction.lag.ms', () => {
    const config = { minCleanableDirtyRatio: 1, maxCompactionLagMs: 10_000 }
    expect(plan(config, { checkpointOffset: 90, nowMs: 19_000 }).isDue).toBe(false)
    expect(plan(config, { checkpointOffset: 90, nowMs: 19_001 }).isDue).toBe(true)
  })

  it('is never due without anything dirty', () => {
    expect(plan({ minCleanableDirtyRatio: 0 }, { checkpointOffset: 100 }).isDue).toBe(false)
  })
})

describe('groupForCompaction', () => {
  it('puts neighbours together up to the size of a segment', () => {
    const groups = groupForCompaction(segments(7), { segmentBytes: 250 })
    expect(groups.map((group) => group.length)).toEqual([2, 2, 2, 1])
  })

  it('keeps a segment that is too large already by itself', () => {
    expect(groupForCompaction(segments(3), { segmentBytes: 50 }).length).toBe(3)
  })

  it('never spans more offsets than an index can hold', () => {
    const far = segments(2).map((segment, index) => ({
      ...segment,
      endOffset: segment.endOffset + index * 2 ** 31,
    }))
    expect(groupForCompaction(far, { segmentBytes: 10_000 }).length).toBe(2)
  })
})
