import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock.ts'
import { decideStall, Progress, type ProgressTimes, type StallReason, type Standing } from './progress.ts'

const WELL: Standing = { assignedCount: 2, inHandCount: 0, fetchError: null }
const JUST_NOW: ProgressTimes = {
  movedMs: 9_900,
  assignedMs: 9_900,
  commitFailingSinceMs: null,
  commitError: null,
}
const LIMITS = { nowMs: 10_000, stallAfterMs: 1_000 }
const REFUSED = new Error('connection refused')

describe('a consumer stands still', () => {
  const cases: [string, Partial<Standing>, Partial<ProgressTimes>, StallReason | null, RegExp][] = [
    ['while it moves', {}, {}, null, /^$/],
    ['without an assignment for a moment', { assignedCount: 0 }, {}, null, /^$/],
    [
      'without an assignment',
      { assignedCount: 0 },
      { assignedMs: 0 },
      'no-assignment',
      /no partition .* 10\.0 s/,
    ],
    ['without records', {}, { movedMs: 0 }, 'no-data', /nothing was written/],
    ['without an answer', { fetchError: REFUSED }, { movedMs: 0 }, 'no-data', /connection refused/],
    ['behind its handler', { inHandCount: 3 }, { movedMs: 0 }, 'handler-busy', /3 records/],
    [
      'while it moves, and cannot commit',
      {},
      { commitFailingSinceMs: 5_000, commitError: REFUSED },
      'commit-failing',
      /5\.0 s: connection refused/,
    ],
    ['after one commit failed', {}, { commitFailingSinceMs: 9_500, commitError: REFUSED }, null, /^$/],
  ]
  it.each(cases)('%s', (_what, standing, times, reason, message) => {
    const stall = decideStall({ ...WELL, ...standing }, { ...JUST_NOW, ...times }, LIMITS)
    expect(stall?.reason ?? null).toBe(reason)
    expect(stall?.message ?? '').toMatch(message)
  })
})

describe('commits that fail', () => {
  it('count from the first one that failed, until one goes well', async () => {
    const clock = new FakeClock()
    const progress = new Progress(clock)
    const stalled = (): number | undefined => {
      const stall = decideStall(WELL, progress, { nowMs: clock.monotonicMs(), stallAfterMs: 1_000 })
      return stall?.reason === 'commit-failing' ? stall.forMs : undefined
    }
    for (let i = 0; i < 3; i++) {
      progress.moved()
      progress.commitFailed(REFUSED)
      await clock.advance(400)
    }
    expect(stalled()).toBe(1_200)
    progress.committed()
    expect(stalled()).toBeUndefined()
  })
})
