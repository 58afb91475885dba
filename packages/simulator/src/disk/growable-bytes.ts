/** Bytes that grow in place, for the simulated page cache and the simulated platter. */
export class GrowableBytes {
  #bytes = Buffer.alloc(0)
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** A view: copy it before the next change. */
  view(start = 0, end = this.#sizeBytes): Buffer {
    return this.#bytes.subarray(start, Math.min(end, this.#sizeBytes))
  }

  /** A gap between the end and `position` becomes zeros. */
  write(position: number, source: Buffer): void {
    const end = position + source.length
    this.#reserve(end)
    source.copy(this.#bytes, position)
    this.#sizeBytes = Math.max(this.#sizeBytes, end)
  }

  /** What lies behind the new end is gone: growing again shows zeros. */
  resize(sizeBytes: number): void {
    this.#reserve(sizeBytes)
    if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, sizeBytes, this.#sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  copy(): GrowableBytes {
    const copy = new GrowableBytes()
    copy.write(0, this.view())
    return copy
  }

  /** Everything from `#sizeBytes` to the capacity is zero at all times. */
  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#bytes.length) return
    const grown = Buffer.alloc(Math.max(sizeBytes, 2 * this.#bytes.length, 512))
    this.#bytes.copy(grown, 0, 0, this.#sizeBytes)
    this.#bytes = grown
  }
}
