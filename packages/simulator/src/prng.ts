import { strict as assert } from 'node:assert'

/**
 * A seeded generator (sfc32, Chris Doty-Humphrey's PractRand): the same seed gives the same numbers on every machine
 * and in every version of Node. All randomness of a simulation comes from one of these.
 */
export class Prng {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `seed` is a safe integer; all of its bits count. */
  constructor(seed: number) {
    assert(Number.isSafeInteger(seed), `a seed is a safe integer, not ${seed}`)
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = 0x9e3779b9
    // The first outputs of near seeds resemble each other.
    for (let round = 0; round < 15; round++) this.#next()
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    assert(bound > 0, `nothing is below ${bound}`)
    return Math.floor((this.#next() / 2 ** 32) * bound)
  }

  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  chance(probability: number): boolean {
    return this.#next() < probability * 2 ** 32
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    assert(choice !== undefined, 'a choice was undefined')
    return choice
  }

  /** A generator of its own: what it is asked does not change what this one answers next. */
  fork(): Prng {
    return new Prng(this.#next() * 2 ** 20 + (this.#next() >>> 12))
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }
}
