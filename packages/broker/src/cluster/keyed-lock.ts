/** Runs work on one thing in turn, and work on different things at once. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Starts `work` when everything that was asked for under `key` before has ended, well or badly. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const result = before === undefined ? work() : before.then(work, work)
    this.#tails.set(key, result)
    const forget = (): void => {
      if (this.#tails.get(key) === result) this.#tails.delete(key)
    }
    result.then(forget, forget)
    return result
  }
}
