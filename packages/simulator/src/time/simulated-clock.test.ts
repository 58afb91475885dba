import { describe, expect, it } from 'vitest'
import { SimulatedClock } from './simulated-clock.ts'

describe('simulated clock', () => {
  it('stands still until it is stepped, and jumps from event to event', async () => {
    const clock = new SimulatedClock({ startMs: 1000 })
    const seen: string[] = []
    clock.after(50, () => seen.push(`b at ${clock.nowMs()}`))
    clock.after(10.5, () => seen.push(`a at ${clock.nowMs()}, ${clock.monotonicMs()}`))
    expect(clock.nowMs()).toBe(1000)
    while (await clock.step());
    expect(seen).toEqual(['a at 1010, 10.5', 'b at 1050'])
  })

  it('runs promises first, then the ends of turns, then events; equal times in the order of asking', async () => {
    const clock = new SimulatedClock()
    const seen: string[] = []
    for (const name of ['first', 'second', 'third']) clock.after(1, () => seen.push(name))
    clock.endOfTurn(() => seen.push('end of turn'))
    void Promise.resolve().then(() => seen.push('promise'))
    while (await clock.step());
    expect(seen).toEqual(['promise', 'end of turn', 'first', 'second', 'third'])
  })

  it('runs what an end of turn asks for in the next turn, not in this one', async () => {
    const clock = new SimulatedClock()
    let turns = 0
    clock.endOfTurn(() => clock.endOfTurn(() => turns++))
    await clock.step()
    expect(turns).toBe(0)
    await clock.step()
    expect(turns).toBe(1)
  })

  it('keeps many events in order and skips the cancelled ones', async () => {
    const clock = new SimulatedClock()
    const seen: number[] = []
    const timers = Array.from({ length: 500 }, (_, index) => {
      const delayMs = (index * 7919) % 500
      return clock.after(delayMs, () => seen.push(delayMs))
    })
    for (const [index, timer] of timers.entries()) if (index % 3 === 0) timer.cancel()
    while (await clock.step());
    expect(seen).toHaveLength(333)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })

  it('settles a promise that waits for time, and says so when it waits for nothing', async () => {
    const clock = new SimulatedClock()
    const late = new Promise<string>((resolve) => clock.after(1000, () => resolve('done')))
    expect(await clock.settle(late)).toBe('done')
    await expect(clock.settle(new Promise(() => undefined))).rejects.toThrow('waits for ever')
  })
})
