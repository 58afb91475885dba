/** Steps told apart at most: a peer that sends byte by byte cannot make this grow. */
const MAX_STEPS = 64

/**
 * When the bytes of one connection came in, so that the wait of a request that was held back can be told: it began
 * when its last byte was there.
 */
export class ArrivalTimes {
  /** How many bytes had come by each of `#timesMs`; both rise. */
  #endBytes: number[] = []
  #timesMs: number[] = []
  #receivedBytes = 0

  /** The next `sizeBytes` have come. */
  received(sizeBytes: number, nowMs: number): void {
    this.#receivedBytes += sizeBytes
    const last = this.#endBytes.length - 1
    if (last >= 0 && (last + 1 >= MAX_STEPS || this.#timesMs[last] === nowMs)) {
      // The later time stands for both: a wait is told too short rather than too long.
      this.#endBytes[last] = this.#receivedBytes
      this.#timesMs[last] = nowMs
    } else {
      this.#endBytes.push(this.#receivedBytes)
      this.#timesMs.push(nowMs)
    }
  }

  /** When the byte before the last `pendingBytes` came. Forgets what came before it. */
  takenUpTo(pendingBytes: number): number {
    const takenBytes = this.#receivedBytes - pendingBytes
    let passed = 0
    while (passed < this.#endBytes.length - 1 && (this.#endBytes[passed] ?? 0) < takenBytes) passed++
    if (passed > 0) {
      this.#endBytes = this.#endBytes.slice(passed)
      this.#timesMs = this.#timesMs.slice(passed)
    }
    return this.#timesMs[0] ?? 0
  }
}
