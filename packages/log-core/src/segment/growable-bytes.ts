const INITIAL_BYTES = 96

/** Bytes that grow at the end: one allocation for each doubling. */
export class GrowableBytes {
  #buffer: Buffer
  #sizeBytes: number

  /** Takes over `initial`, which must not be written by anybody else. */
  constructor(initial: Buffer = Buffer.alloc(0)) {
    this.#buffer = initial
    this.#sizeBytes = initial.length
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Memory held, which is more than `sizeBytes`. */
  get capacityBytes(): number {
    return this.#buffer.length
  }

  /** The memory below: valid up to `sizeBytes`, and only until the next `reserve`. */
  get buffer(): Buffer {
    return this.#buffer
  }

  /** A view of what was written. */
  view(start = 0): Buffer {
    return this.#buffer.subarray(start, this.#sizeBytes)
  }

  /** Makes room for `count` bytes at the end and returns where they begin. */
  reserve(count: number): number {
    const start = this.#sizeBytes
    const end = start + count
    if (end > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, this.#buffer.length * 2, end))
      this.#buffer.copy(grown, 0, 0, start)
      this.#buffer = grown
    }
    this.#sizeBytes = end
    return start
  }
}
