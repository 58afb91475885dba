import type { FileSystem } from '../fs/file-system.ts'

/**
 * Syncs of one directory for many who add names to it. Whoever asks while a sync is under way waits for the next one,
 * which is one for all of them: a topic of a hundred partitions takes a few, not a hundred.
 */
export class SharedDirectorySync {
  readonly #fs: FileSystem
  readonly #path: string
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  /** The last sync failed: names that it should have made durable are only in memory. */
  #hasFailed = false

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs
    this.#path = path
  }

  /** Names that were there before the call are durable when it resolves. */
  sync(): Promise<void> {
    if (this.#running === null) return this.#start()
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#next
  }

  /** Names that an earlier call was to make durable are durable when it resolves, though that call may have failed. */
  async settle(): Promise<void> {
    if (this.#running !== null || this.#hasFailed) await this.sync()
  }

  #start(): Promise<void> {
    this.#next = null
    const running = this.#run().finally(() => {
      if (this.#running === running) this.#running = null
    })
    this.#running = running
    return running
  }

  async #run(): Promise<void> {
    // Until it is known to have succeeded: whoever looks meanwhile sees a sync that is running.
    this.#hasFailed = true
    await this.#fs.syncDirectory(this.#path)
    this.#hasFailed = false
  }
}
