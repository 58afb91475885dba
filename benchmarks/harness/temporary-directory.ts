import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/**
 * A directory of its own for a benchmark that writes. `MILLRACE_BENCH_DIR` says where; the system's temporary
 * directory may lie in memory, and then its figures say nothing about a disk.
 */
export class TemporaryDirectory {
  readonly path: string
  #subdirectories = 0

  constructor() {
    this.path = mkdtempSync(join(process.env.MILLRACE_BENCH_DIR ?? tmpdir(), 'millrace-bench-'))
  }

  /** A path inside that nothing has used. */
  fresh(): string {
    this.#subdirectories++
    return join(this.path, String(this.#subdirectories))
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
