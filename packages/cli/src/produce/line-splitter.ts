const LINE_FEED = 0x0a

/**
 * Cuts chunks into lines, without a copy where a line lies in one chunk. Bytes stay as they are: a
 * carriage return belongs to its line, an empty line is a line.
 */
export class LineSplitter {
  #rest: Buffer[] = []

  /** The lines that end in this chunk, as views of it. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(this.#complete(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start))
    return lines
  }

  /** What stands behind the last line feed, or null. */
  end(): Buffer | null {
    return this.#rest.length === 0 ? null : this.#complete(Buffer.alloc(0))
  }

  #complete(last: Buffer): Buffer {
    if (this.#rest.length === 0) return last
    const line = Buffer.concat([...this.#rest, last])
    this.#rest = []
    return line
  }
}
