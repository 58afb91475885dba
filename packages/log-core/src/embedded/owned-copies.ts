/** As much as Node's own pool for small buffers: a value that somebody keeps holds no more than this in memory. */
const COPIED_TOGETHER_BYTES = 8 * 1024
/** From here on a value is copied alone. */
const COPIED_ALONE_BYTES = 4 * 1024

/**
 * Copies of parts of a buffer that follow each other: many of them with one copy, of which each gets a view. A buffer of
 * its own for each would cost twice as much as the rest of decoding.
 */
export class OwnedCopies {
  #source: Buffer | null = null
  #start = 0
  #end = 0
  #copy: Buffer = Buffer.alloc(0)

  /** `source[start, end)`, for whoever asked to keep. What was copied from `source` must not change until `forget`. */
  take(source: Buffer, start: number, end: number): Buffer {
    if (end - start >= COPIED_ALONE_BYTES) return Buffer.copyBytesFrom(source, start, end - start)
    if (source !== this.#source || start < this.#start || end > this.#end) this.#copyFrom(source, start)
    return this.#copy.subarray(start - this.#start, end - this.#start)
  }

  forget(): void {
    this.#source = null
  }

  #copyFrom(source: Buffer, start: number): void {
    this.#end = Math.min(start + COPIED_TOGETHER_BYTES, source.length)
    this.#copy = Buffer.allocUnsafeSlow(this.#end - start)
    this.#copy.set(source.subarray(start, this.#end))
    this.#source = source
    this.#start = start
  }
}
