import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OffsetTracker } from './offset-tracker.ts'

describe('what may be committed', () => {
  it('is the start until something is done', () => {
    const tracker = new OffsetTracker(5)
    tracker.handOut(5)
    expect(tracker.committable).toBe(5)
    tracker.done(5)
    expect(tracker.committable).toBe(6)
  })

  it('stops at the first record that is not done', () => {
    const tracker = new OffsetTracker(0)
    for (const offset of [0, 1, 2]) tracker.handOut(offset)
    tracker.done(2)
    tracker.done(0)
    expect(tracker.committable).toBe(1)
    tracker.done(1)
    expect(tracker.committable).toBe(3)
  })

  it('passes what holds no records once all before it are done', () => {
    const tracker = new OffsetTracker(0)
    tracker.handOut(0)
    tracker.skipTo(10)
    expect(tracker.committable).toBe(0)
    tracker.done(0)
    expect(tracker.committable).toBe(10)
  })

  it('is never ahead of a record that is not done, in whatever order they are', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (order) => {
        const tracker = new OffsetTracker(0)
        for (let offset = 0; offset < 10; offset++) tracker.handOut(offset)
        const done = new Set<number>()
        for (const offset of order) {
          tracker.done(offset)
          done.add(offset)
          const open = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((other) => !done.has(other))
          expect(tracker.committable).toBe(open ?? 10)
          expect(tracker.inHand).toBe(10 - done.size)
          expect(tracker.doneBehind).toBe([...done].filter((other) => other > (open ?? 10)).length)
        }
      }),
    )
  })
})
