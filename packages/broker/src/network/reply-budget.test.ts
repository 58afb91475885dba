import { SimulatedClock } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { parseBrokerConfig } from '../config/broker-config.ts'
import { type Limits, limitsFrom } from '../limits.ts'
import { ReplyBudget } from './reply-budget.ts'

function limits(changes: Partial<Limits>): Limits {
  return { ...limitsFrom(parseBrokerConfig({})), ...changes }
}

describe('ReplyBudget', () => {
  it('makes answers smaller the more has piled up, down to the least', () => {
    const bounds = limits({ maxUnsentBytesInAll: 8_000_000, minFetchBytes: 1000 })
    const budget = new ReplyBudget(bounds, (run) => run())
    expect(budget.maxFetchBytes()).toBe(bounds.maxFetchBytes)
    let total = 0
    for (let reader = 0; reader < 1000; reader++) {
      const bytes = budget.maxFetchBytes()
      const piled = Math.min(bytes, 1_000_000)
      budget.change(piled)
      total += piled
    }
    expect(total).toBeLessThan(8_000_000 + 1000 * 1000 + 1_000_000)
    expect(budget.maxFetchBytes()).toBe(1000)
  })

  it('lets a fetch wait behind what its own peer has not taken, and every fetch when twice too much is held', () => {
    const budget = new ReplyBudget(limits({ maxUnsentBytesInAll: 100 }), (run) => run())
    budget.change(101)
    expect(budget.waitForRoom({ unsentBytes: 1 })).not.toBeNull()
    expect(budget.waitForRoom({ unsentBytes: 0 })).toBeNull()
    budget.change(100)
    expect(budget.waitForRoom({ unsentBytes: 0 })).not.toBeNull()
  })

  it('keeps nothing for a connection that is gone', async () => {
    const budget = new ReplyBudget(limits({ maxUnsentBytesInAll: 100 }), (run) => run())
    budget.change(300)
    const gone = { unsentBytes: 1 }
    const waiting = budget.waitForRoom(gone)
    budget.leave(gone)
    await waiting
    budget.leave(gone)
    // It could wait again, so it was forgotten.
    expect(budget.waitForRoom(gone)).not.toBeNull()
  })

  it('lets those who wait in one after the other, and no more than there is room for', async () => {
    const clock = new SimulatedClock()
    const budget = new ReplyBudget(limits({ maxUnsentBytesInAll: 100 }), (run) => clock.endOfTurn(run))
    budget.change(300)
    const started: number[] = []
    for (let index = 0; index < 20; index++) {
      void budget.waitForRoom({ unsentBytes: 0 })?.then(() => {
        started.push(index)
        budget.change(30)
      })
    }
    await clock.advance(10)
    expect(started).toEqual([])
    budget.change(-280)
    await clock.advance(10)
    expect(started).toEqual([0, 1, 2])
    budget.change(-50)
    await clock.advance(10)
    expect(started).toEqual([0, 1, 2, 3, 4])
  })
})
