import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { segmentFileName } from '../segment/segment-file-names.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'
import { ProducerStates } from './producer-state.ts'

/** One behind the other, in case the newest is torn. */
const SNAPSHOTS_KEPT = 2

/** The snapshot files of one log: what is known of its producers at some offsets, so that a start reads little. */
export class ProducerSnapshots {
  readonly #fs: FileSystem
  readonly #directory: string
  /** Ascending. */
  #offsets: number[]

  constructor(fs: FileSystem, directory: string, offsets: readonly number[] = []) {
    this.#fs = fs
    this.#directory = directory
    this.#offsets = [...offsets]
  }

  get offsets(): readonly number[] {
    return this.#offsets
  }

  /**
   * Producers as the newest whole snapshot at or before `offset` knows them, and the offset from which the log has to
   * be replayed. Without a snapshot that is the beginning.
   */
  restore(offset: number): { producers: ProducerStates; nextOffset: number } {
    for (const candidate of this.#offsets.toReversed()) {
      if (candidate > offset) continue
      const entries = decodeProducerSnapshot(this.#fs.readFile(this.#path(candidate)))
      if (entries === null) continue
      const producers = new ProducerStates()
      for (const entry of entries) producers.restore(entry)
      return { producers, nextOffset: candidate }
    }
    return { producers: new ProducerStates(), nextOffset: 0 }
  }

  /** Writes and syncs a snapshot of what was appended before `offset`, then removes those that it makes useless. */
  async write(producers: ProducerStates, offset: number): Promise<void> {
    const bytes = encodeProducerSnapshot(producers.entries(), offset)
    await writeFileAtomically(this.#fs, this.#path(offset), bytes)
    this.#offsets = [...this.#offsets.filter((known) => known !== offset), offset].sort((a, b) => a - b)
    for (const old of this.#offsets.splice(0, Math.max(0, this.#offsets.length - SNAPSHOTS_KEPT)))
      this.#remove(old)
  }

  /** Removes snapshots of offsets that the log does not reach (any more): they speak of batches that are gone. */
  removeAbove(offset: number): void {
    for (const above of this.#offsets.filter((known) => known > offset)) this.#remove(above)
    this.#offsets = this.#offsets.filter((known) => known <= offset)
  }

  #remove(offset: number): void {
    const path = this.#path(offset)
    if (this.#fs.exists(path)) this.#fs.remove(path)
  }

  #path(offset: number): string {
    return `${this.#directory}/${segmentFileName(offset, 'snapshot')}`
  }
}
