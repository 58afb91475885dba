import type { FileHandle } from '../fs/file-system.ts'

/** What one reader is brought ahead at a time: as much as a consumer asks for by default. */
const MAX_BYTES = 1024 * 1024
/** Threads of the pool that may be busy with it: the others are for reads and syncs that somebody waits for. */
const MAX_IN_FLIGHT = 2

/**
 * Brings bytes of a file into the page cache while what lies before them is checked and sent: a consumer that is far behind
 * would otherwise wait for the disk between any two of its fetches. The bytes go into one memory that nobody looks at,
 * so whoever reads ahead holds nothing. What cannot be read is told by the read that is due.
 */
export class ReadAhead {
  #target: Buffer | null = null
  #inFlight = 0

  /** Starts reading, unless enough is on its way. */
  start(file: FileHandle, position: number, length: number): void {
    if (length <= 0 || this.#inFlight >= MAX_IN_FLIGHT) return
    this.#target ??= Buffer.allocUnsafeSlow(MAX_BYTES)
    this.#inFlight++
    const done = (): void => {
      this.#inFlight--
    }
    file.readInto(position, this.#target, Math.min(length, MAX_BYTES)).then(done, done)
  }
}
