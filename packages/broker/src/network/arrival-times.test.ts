import { describe, expect, it } from 'vitest'
import { ArrivalTimes } from './arrival-times.ts'

describe('ArrivalTimes', () => {
  it('tells when the last byte of what was taken came', () => {
    const times = new ArrivalTimes()
    times.received(10, 1)
    times.received(10, 2)
    times.received(10, 5)
    expect(times.takenUpTo(30 - 10)).toBe(1)
    expect(times.takenUpTo(30 - 11)).toBe(2)
    expect(times.takenUpTo(30 - 20)).toBe(2)
    expect(times.takenUpTo(0)).toBe(5)
  })

  it('knows bytes that come after others were taken', () => {
    const times = new ArrivalTimes()
    times.received(10, 1)
    expect(times.takenUpTo(0)).toBe(1)
    times.received(4, 7)
    expect(times.takenUpTo(0)).toBe(7)
  })

  it('tells a wait too short rather than too long when a peer sends byte by byte', () => {
    const times = new ArrivalTimes()
    for (let ms = 1; ms <= 1_000; ms++) times.received(1, ms)
    expect(times.takenUpTo(1_000 - 10)).toBe(10)
    expect(times.takenUpTo(0)).toBe(1_000)
  })
})
