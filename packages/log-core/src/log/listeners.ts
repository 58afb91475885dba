/** Who wants to be told of something. Ten thousand logs have two of these each, so an empty one holds nothing. */
export class Listeners {
  #listeners: Set<() => void> | null = null

  /** Returns its undoing. */
  add(listener: () => void): () => void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    return () => this.#listeners?.delete(listener)
  }

  /** Those that are there now: who is added meanwhile hears of the next time. */
  tell(): void {
    if (this.#listeners === null) return
    for (const listener of [...this.#listeners]) listener()
  }

  clear(): void {
    this.#listeners = null
  }
}
