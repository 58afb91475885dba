import { describe, expect, it } from 'vitest'
import { Prng } from './prng.ts'

const numbers = (prng: Prng, count: number): number[] => Array.from({ length: count }, () => prng.below(1000))

describe('prng', () => {
  it('repeats itself for one seed and differs for near ones', () => {
    expect(numbers(new Prng(7), 50)).toEqual(numbers(new Prng(7), 50))
    expect(numbers(new Prng(7), 50)).not.toEqual(numbers(new Prng(8), 50))
    expect(numbers(new Prng(7), 50)).not.toEqual(numbers(new Prng(7 + 2 ** 32), 50))
  })

  it('gives the numbers that it gave before, so that a seed from an old log still replays', () => {
    expect(numbers(new Prng(1), 5)).toMatchInlineSnapshot(`
      [
        537,
        454,
        82,
        153,
        652,
      ]
    `)
  })

  it('spreads evenly over what was asked for, and stays within it', () => {
    const prng = new Prng(3)
    const counts = new Map<number, number>()
    for (let count = 0; count < 60_000; count++) {
      const value = prng.between(-2, 3)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3])
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('forks a generator whose use does not change its own numbers', () => {
    const [one, other] = [new Prng(5), new Prng(5)]
    const fork = one.fork()
    other.fork()
    numbers(fork, 100)
    expect(numbers(one, 20)).toEqual(numbers(other, 20))
  })
})
