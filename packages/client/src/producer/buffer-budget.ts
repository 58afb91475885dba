/** The memory that unsent and unanswered records may take. Whoever finds it full waits in line. */
export class BufferBudget {
  readonly #limitBytes: number
  #usedBytes = 0
  #takenBytes = 0
  #waiting: (() => void)[] = []

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get isFull(): boolean {
    return this.#usedBytes >= this.#limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** All bytes ever taken. */
  get takenBytes(): number {
    return this.#takenBytes
  }

  /** Counts bytes that are held from now on. May pass the limit by what one record needs. */
  take(bytes: number): void {
    this.#usedBytes += bytes
    this.#takenBytes += bytes
  }

  giveBack(bytes: number): void {
    this.#usedBytes -= bytes
    if (this.isFull || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  /** Resolves when there may be room: look again, somebody else may have been first. */
  whenFreed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
