import { writeOut } from '../terminal.ts'

const CAPACITY_BYTES = 64 * 1024

/** Gathers small pieces of output, so that a million records do not take a million writes. */
export class OutputBuffer {
  readonly #write: (data: Buffer) => Promise<void>
  #buffer = Buffer.allocUnsafe(CAPACITY_BYTES)
  #position = 0
  readonly #full: Buffer[] = []

  constructor(write: (data: Buffer) => Promise<void> = writeOut) {
    this.#write = write
  }

  text(text: string): void {
    // No character takes more than three bytes for each of its UTF-16 units.
    if (text.length * 3 <= CAPACITY_BYTES - this.#position)
      this.#position += this.#buffer.write(text, this.#position)
    else this.bytes(Buffer.from(text))
  }

  bytes(bytes: Buffer): void {
    if (bytes.length > CAPACITY_BYTES - this.#position) this.#seal()
    if (bytes.length > CAPACITY_BYTES) {
      this.#full.push(bytes)
      return
    }
    bytes.copy(this.#buffer, this.#position)
    this.#position += bytes.length
  }

  byte(byte: number): void {
    if (this.#position === CAPACITY_BYTES) this.#seal()
    this.#buffer[this.#position++] = byte
  }

  /** Writes everything; resolves when the reader has taken it. */
  async flush(): Promise<void> {
    this.#seal()
    for (const buffer of this.#full.splice(0)) await this.#write(buffer)
  }

  #seal(): void {
    if (this.#position === 0) return
    this.#full.push(this.#buffer.subarray(0, this.#position))
    this.#buffer = Buffer.allocUnsafe(CAPACITY_BYTES)
    this.#position = 0
  }
}
