import { HttpError } from '../http/http-error.ts'

const LINE_FEED = 0x0a

/** Cuts chunks into lines, without a copy where a line lies in one chunk. Keeps at most one unfinished line. */
export class LineSplitter {
  readonly #maxLineBytes: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** The lines that end in this chunk, as views of it. Throws 413 for one that is too long. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(this.#complete(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) {
      const rest = chunk.subarray(start)
      this.#check(rest.length)
      this.#rest.push(rest)
      this.#restBytes += rest.length
    }
    return lines
  }

  /** What stands behind the last line feed, or null. */
  end(): Buffer | null {
    return this.#rest.length === 0 ? null : this.#complete(Buffer.alloc(0))
  }

  #complete(last: Buffer): Buffer {
    this.#check(last.length)
    if (this.#rest.length === 0) return last
    const line = Buffer.concat([...this.#rest, last])
    this.#rest = []
    this.#restBytes = 0
    return line
  }

  #check(moreBytes: number): void {
    if (this.#restBytes + moreBytes <= this.#maxLineBytes) return
    throw new HttpError(413, 'LINE_TOO_LONG', `a line may have ${this.#maxLineBytes} bytes`)
  }
}
