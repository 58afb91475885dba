import { strict as assert } from 'node:assert'
import { type FileHandle, type FileSystem, StorageError, writeFileAtomically } from '@millrace/log-core'
import type { Logger } from '../observability.ts'
import { encodeEntry, encodeMark, JOURNAL_MAGIC } from './journal-format.ts'
import { readJournal } from './journal-recovery.ts'

/** Below this a journal is not worth rewriting. */
const COMPACT_ABOVE_BYTES = 256 * 1024
/** A journal is rewritten when it is so many times larger than its last rewriting. */
const COMPACT_GROWTH = 4

/** The state that a journal keeps: a pure function of its entries. */
export interface JournalState {
  /** Takes in one durable entry, at start and while running alike. Must not fail for what was accepted once. */
  apply(entry: unknown): void
  /** Entries that give the present state again. */
  snapshot(): Iterable<unknown>
}

export interface JournalOptions {
  readonly fs: FileSystem
  readonly path: string
  readonly state: JournalState
  readonly logger: Logger
}

interface Change {
  readonly entries: readonly unknown[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A small durable log: append, sync, apply, answer. Changes that arrive during a sync share the
 * next one. After a failed sync no change is accepted any more (what is on disk is unknown until
 * the file is read again); a full disk refuses changes and heals by itself.
 */
export class Journal {
  readonly #options: JournalOptions
  #file: FileHandle
  #compactedBytes: number
  #queue: Change[] = []
  #running: Promise<void> | null = null
  #failure: StorageError | null = null
  #isClosed = false

  private constructor(options: JournalOptions, file: FileHandle) {
    this.#options = options
    this.#file = file
    this.#compactedBytes = file.sizeBytes
  }

  /** Opens or creates the file and applies what is in it. Throws StorageError CORRUPT naming the damaged record. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { fs, path } = options
    if (!fs.exists(path)) await writeFileAtomically(fs, path, JOURNAL_MAGIC)
    const bytes = fs.readFile(path)
    const contents = readJournal(bytes)
    if (contents.kind === 'refused') {
      const where = `record ${contents.recordNumber} at position ${contents.position}`
      const whatToDo = 'Nothing was changed; `millrace log repair` shows what can be kept'
      throw new StorageError('CORRUPT', path, `${path}: ${where} is damaged: ${contents.reason}. ${whatToDo}`)
    }
    for (const entry of contents.entries) options.state.apply(entry)
    if (contents.validBytes < bytes.length) {
      await cutTornTail(options, bytes.subarray(contents.validBytes), contents.validBytes)
    }
    return new Journal(options, fs.open(path, 'open'))
  }

  /** Resolves when the entries are durable and applied, all of them or none. Rejects with a StorageError. */
  append(entries: readonly unknown[]): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    assert(!this.#isClosed, 'the journal is closed')
    return new Promise((resolve, reject) => {
      this.#queue.push({ entries, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Finishes what was appended, marks it as synced, and closes the file. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#running
    this.#file.close()
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        await this.#commitQueued()
        if (this.#queue.length === 0) await this.#tidy()
      }
    } catch (error) {
      this.#fail(StorageError.from(error, this.#options.path, 'write the journal'))
    } finally {
      this.#running = null
    }
  }

  async #commitQueued(): Promise<void> {
    const changes = this.#queue
    this.#queue = []
    try {
      this.#write(changes.flatMap((change) => change.entries.map(encodeEntry)))
    } catch (error) {
      const refused = StorageError.from(error, this.#options.path, 'append to the journal')
      for (const change of changes) change.reject(refused)
      return
    }
    try {
      await this.#file.sync()
    } catch (error) {
      for (const change of changes) change.reject(error)
      throw error
    }
    for (const change of changes) {
      for (const entry of change.entries) this.#options.state.apply(entry)
      change.resolve()
    }
  }

  /** All of the records or none of them: after a partial write the file is cut back. */
  #write(records: readonly Buffer[]): void {
    const before = this.#file.sizeBytes
    try {
      this.#file.appendSync(records)
    } catch (error) {
      try {
        this.#file.truncateSync(before)
      } catch (cause) {
        this.#fail(StorageError.from(cause, this.#options.path, 'cut a failed write off the journal'))
      }
      throw error
    }
  }

  /** Says on disk that everything so far was synced; rewrites the file when most of it is history. */
  async #tidy(): Promise<void> {
    const { fs, path, state } = this.#options
    const sizeBytes = this.#file.sizeBytes
    if (sizeBytes > COMPACT_ABOVE_BYTES && sizeBytes > this.#compactedBytes * COMPACT_GROWTH) {
      const records: Buffer[] = [JOURNAL_MAGIC]
      for (const entry of state.snapshot()) records.push(encodeEntry(entry))
      const bytes = Buffer.concat(records)
      await writeFileAtomically(fs, path, Buffer.concat([bytes, encodeMark(bytes.length)]))
      this.#file.close()
      this.#file = fs.open(path, 'open')
      this.#compactedBytes = this.#file.sizeBytes
      return
    }
    try {
      this.#write([encodeMark(sizeBytes)])
    } catch {
      // A full disk: the mark goes out with a later change. Without it the last change is as durable as with it;
      // only damage to its bytes could not be told from a torn tail.
      return
    }
    await this.#file.sync()
  }

  #fail(failure: StorageError): void {
    if (this.#failure !== null) return
    this.#failure = failure
    const { logger, path } = this.#options
    logger.error({ path, reason: failure.message }, 'journal failed: no change is accepted until restart')
    const waiting = this.#queue
    this.#queue = []
    for (const change of waiting) change.reject(failure)
  }
}

/** Keeps a copy of what is cut: it was never acknowledged, but it may tell an operator what was going on. */
async function cutTornTail(
  { fs, path, logger }: JournalOptions,
  tail: Buffer,
  validBytes: number,
): Promise<void> {
  await writeFileAtomically(fs, `${path}.torn`, Buffer.from(tail))
  const file = fs.open(path, 'open')
  try {
    file.truncateSync(validBytes)
    await file.fullSync()
  } finally {
    file.close()
  }
  logger.warn(
    { path, position: validBytes, cutBytes: tail.length },
    'cut an unfinished change off the journal',
  )
}
