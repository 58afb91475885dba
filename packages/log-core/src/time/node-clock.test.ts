import { describe, expect, it, vi } from 'vitest'
import { nodeClock } from './node-clock.ts'

describe('node clock', () => {
  it('runs what was put at the end of the turn after the promises of this turn', async () => {
    const seen: string[] = []
    const ended = new Promise<void>((resolve) => {
      nodeClock().endOfTurn(() => {
        seen.push('end of turn')
        resolve()
      })
    })
    await Promise.resolve()
    seen.push('promise')
    await ended
    expect(seen).toEqual(['promise', 'end of turn'])
  })

  it('keeps delays longer than Node can time, and cancels them', () => {
    vi.useFakeTimers()
    try {
      const clock = nodeClock()
      const thirtyDaysMs = 30 * 24 * 3600 * 1000
      let runs = 0
      clock.after(thirtyDaysMs, () => runs++)
      const cancelled = clock.after(thirtyDaysMs, () => runs++)
      vi.advanceTimersByTime(thirtyDaysMs - 1)
      expect(runs).toBe(0)
      cancelled.cancel()
      vi.advanceTimersByTime(1)
      expect(runs).toBe(1)
    } finally {
      vi.useRealTimers()
    }
  })
})
