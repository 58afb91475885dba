import { Prng, SimulatedClock } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { DeadlineQueue, type Waiter } from './deadline-queue.ts'

function waiter(deadlineMs: number): Waiter {
  return { deadlineMs, queueIndex: -1 }
}

describe('DeadlineQueue', () => {
  it('expires each waiter at its deadline, in order, whatever the order of arrival', async () => {
    const clock = new SimulatedClock()
    const expired: [number, number][] = []
    const queue = new DeadlineQueue<Waiter>(clock, ({ deadlineMs }) =>
      expired.push([deadlineMs, clock.monotonicMs()]),
    )
    for (const deadlineMs of [50, 10, 30, 20, 40]) queue.add(waiter(deadlineMs))
    await clock.advance(100)
    expect(expired).toEqual([10, 20, 30, 40, 50].map((deadlineMs) => [deadlineMs, deadlineMs]))
  })

  it('does not expire what was removed, and removing twice is nothing', async () => {
    const clock = new SimulatedClock()
    const expired: number[] = []
    const queue = new DeadlineQueue<Waiter>(clock, ({ deadlineMs }) => expired.push(deadlineMs))
    const waiters = [10, 20, 30].map(waiter)
    for (const each of waiters) queue.add(each)
    const [first, second] = waiters
    if (first === undefined || second === undefined) throw new Error('three waiters')
    queue.remove(first)
    queue.remove(first)
    queue.remove(second)
    await clock.advance(100)
    expect(expired).toEqual([30])
    expect(queue.size).toBe(0)
  })

  it('keeps its order through 5,000 random additions and removals', async () => {
    const clock = new SimulatedClock()
    const prng = new Prng(7)
    const waiting = new Set<Waiter>()
    let lastMs = -1
    const queue = new DeadlineQueue<Waiter>(clock, (entry) => {
      expect(waiting.delete(entry)).toBe(true)
      expect(entry.deadlineMs).toBeGreaterThanOrEqual(lastMs)
      lastMs = entry.deadlineMs
    })
    for (let step = 0; step < 5000; step++) {
      const victim = prng.chance(0.4) ? [...waiting][prng.below(Math.max(1, waiting.size))] : undefined
      if (victim !== undefined) {
        queue.remove(victim)
        waiting.delete(victim)
      } else {
        const added = waiter(prng.below(1000))
        queue.add(added)
        waiting.add(added)
      }
      expect(queue.size).toBe(waiting.size)
    }
    await clock.advance(1000)
    expect(waiting.size).toBe(0)
  })

  it('sets one timer for a thousand waiters', () => {
    let timers = 0
    const clock = new SimulatedClock()
    const counted = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      endOfTurn: (run: () => void) => clock.endOfTurn(run),
      after: (delayMs: number, run: () => void) => {
        timers++
        return clock.after(delayMs, run)
      },
    }
    const queue = new DeadlineQueue<Waiter>(counted, () => {})
    for (let index = 0; index < 1000; index++) queue.add(waiter(500 + index))
    expect(timers).toBe(1)
  })
})
