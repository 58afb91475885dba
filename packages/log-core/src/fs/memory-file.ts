/** The first chunk is small, because most files of a partition are; each further one is twice as large. */
const FIRST_CHUNK_BYTES = 4096
const LARGEST_CHUNK_BYTES = 1024 * 1024

interface Chunk {
  readonly start: number
  readonly bytes: Buffer
}

/** A file's bytes in chunks: an append copies what it appends and nothing else. */
export class MemoryFile {
  readonly #chunks: Chunk[] = []
  #capacityBytes = 0
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Copies: the caller may reuse its buffer. A gap between the end and `position` reads as zeros, as on a disk. */
  writeAt(position: number, source: Buffer): void {
    const end = position + source.length
    if (position > this.#sizeBytes) this.#zeroFill(this.#sizeBytes, position)
    this.#grow(end)
    this.#eachPart(position, end, (part, done) => source.copy(part, 0, done, done + part.length))
    this.#sizeBytes = Math.max(this.#sizeBytes, end)
  }

  /** Copies into `target`, and returns how many bytes there were. */
  readInto(position: number, target: Buffer): number {
    const end = Math.min(position + target.length, this.#sizeBytes)
    if (end <= position) return 0
    this.#eachPart(position, end, (part, done) => part.copy(target, done))
    return end - position
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.#sizeBytes) {
      this.#zeroFill(this.#sizeBytes, sizeBytes)
    }
    this.#sizeBytes = sizeBytes
    let last = this.#chunks.at(-1)
    while (last !== undefined && last.start >= sizeBytes) {
      this.#capacityBytes = last.start
      this.#chunks.pop()
      last = this.#chunks.at(-1)
    }
  }

  #zeroFill(start: number, end: number): void {
    this.#grow(end)
    this.#eachPart(start, end, (part) => part.fill(0))
    this.#sizeBytes = end
  }

  #grow(sizeBytes: number): void {
    while (this.#capacityBytes < sizeBytes) {
      const doubled = Math.min(Math.max(FIRST_CHUNK_BYTES, this.#capacityBytes), LARGEST_CHUNK_BYTES)
      this.#chunks.push({ start: this.#capacityBytes, bytes: Buffer.allocUnsafeSlow(doubled) })
      this.#capacityBytes += doubled
    }
  }

  #eachPart(start: number, end: number, visit: (part: Buffer, doneBytes: number) => void): void {
    let position = start
    for (let index = this.#chunkIndexOf(start); position < end; index++) {
      const chunk = this.#chunks[index]
      if (chunk === undefined) throw new RangeError(`no chunk holds byte ${position} of ${this.#sizeBytes}`)
      const part = chunk.bytes.subarray(position - chunk.start, end - chunk.start)
      visit(part, position - start)
      position += part.length
    }
  }

  #chunkIndexOf(position: number): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#chunks[middle]?.start ?? 0) <= position) low = middle
      else high = middle - 1
    }
    return low
  }
}
