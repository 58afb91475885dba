import { closeSync, mkdtempSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'

const LEFT_FREE_BYTES = 1024 ** 3
const CHUNK_BYTES = 4 * 1024 * 1024

/**
 * Keeps the memory of a virtual machine in use. Pages that are free are given back to the host after a few seconds,
 * and the first byte that is written to one afterwards costs some 6 us, many times what a broker spends on its records: whoever
 * happens to get fresh pages for its page cache looks twice as slow. With the cache full of a file of nothing but
 * holes, both brokers get pages that were in use a moment ago.
 */
export class FullPageCache implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-page-cache-'))
  readonly #path = join(this.#directory, 'holes')

  constructor() {
    writeFileSync(this.#path, '')
    truncateSync(this.#path, Math.max(0, freemem() - LEFT_FREE_BYTES))
  }

  /** Reads the file through: at once where it is cached, and filling up what has become free since. */
  fill(): void {
    const file = openSync(this.#path, 'r')
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    while (readSync(file, chunk) > 0);
    closeSync(file)
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true })
  }
}
