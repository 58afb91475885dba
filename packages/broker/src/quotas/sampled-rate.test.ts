import { describe, expect, it } from 'vitest'
import { SampledRate } from './sampled-rate.ts'

const windows = { count: 11, lengthMs: 1000 }

describe('SampledRate', () => {
  it('lets ten windows be used at once, and not more', () => {
    const rate = new SampledRate(windows, 0)
    rate.record(1000, 0)
    expect(rate.excessMs(100, 0)).toBe(0)
    rate.record(100, 0)
    expect(rate.excessMs(100, 0)).toBe(1000)
  })

  it('does not hold up who keeps to the quota, however long', () => {
    const rate = new SampledRate(windows, 0)
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      rate.record(10, nowMs)
      expect(rate.excessMs(111, nowMs)).toBe(0)
    }
    expect(Math.round(rate.perSecond(59_900) / 10)).toBe(10)
  })

  it('forgets what lies further back than its windows', () => {
    const rate = new SampledRate(windows, 0)
    rate.record(1_000_000, 0)
    expect(rate.perSecond(10_999)).toBeGreaterThan(0)
    expect(rate.perSecond(11_000)).toBe(0)
    expect(rate.perSecond(10_000_000)).toBe(0)
  })
})
