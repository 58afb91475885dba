import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { LEADER_EPOCH_CHECKPOINT, type LeaderEpochs } from './leader-epoch-checkpoint.ts'

const DONE = Promise.resolve()

/**
 * The file of a log's leader epochs. An epoch that was raised at an unclean start is durable in the sync marks already,
 * so the file is written before the first batch under it is, and not before: ten thousand idle partitions have nothing
 * to write at a start.
 */
export class EpochCheckpoint {
  readonly epochs: LeaderEpochs
  readonly #fs: FileSystem
  readonly #path: string
  #isWritten: boolean
  #turn: Promise<void> = DONE

  constructor(file: { fs: FileSystem; directory: string }, epochs: LeaderEpochs, isWritten: boolean) {
    this.#fs = file.fs
    this.#path = `${file.directory}/${LEADER_EPOCH_CHECKPOINT}`
    this.epochs = epochs
    this.#isWritten = isWritten
  }

  /** False while the file lacks an epoch that batches may not carry before it has it. */
  get isWritten(): boolean {
    return this.#isWritten
  }

  /** The file holds the epochs as they are now, durably, when it resolves. */
  write(): Promise<void> {
    const written = this.#turn.then(async () => {
      await writeFileAtomically(this.#fs, this.#path, this.epochs.encode())
      this.#isWritten = true
    })
    this.#turn = written.catch(() => {})
    return written
  }
}
