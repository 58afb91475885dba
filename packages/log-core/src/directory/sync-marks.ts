import { strict as assert } from 'node:assert'
import type { FileHandle, FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { createDeferred, type Deferred } from '../log/deferred.ts'
import type { Clock } from '../time/clock.ts'
import {
  decodeMarksFile,
  encodeMarks,
  encodeMarksHeader,
  hashBootId,
  MARK_BYTES,
  type MarkToWrite,
  type SyncMark,
} from './sync-mark-record.ts'

const FIRST_NUMBER = 1
const FILE = /^sync-marks\.(\d{1,15})$/
/** After this many bytes a new file begins, which holds only the newest mark of each partition. */
const REWRITE_AFTER_BYTES = 4 * 1024 * 1024
/** The marks may lag behind the syncs that they report by this much. */
const SYNC_WITHIN_MS = 10

/** How soon a new file is begun by itself in place of one that failed. */
const RETRY_AFTER_MS = 1000

/** What a partition reports; the machine's boot is added here. */
export type NewMark = Omit<SyncMark, 'bootHash'>

/**
 * How far each partition of the data directory is known to be on stable storage: a log of small records, one for each
 * partition that was synced in the last 10 ms, and itself synced then. Recovery cuts nothing below a mark.
 *
 * Marks wait in memory meanwhile: a process that dies leaves the page cache behind, in which only the end of a file may
 * be torn, and power may fail before the sync in any case. So a log that syncs thousands of times a second pays for a
 * hundred marks.
 *
 * The newest record of a partition counts. Files are numbered; a new one begins with all newest marks and is synced
 * before the old one is removed, so at every moment one of them is whole. A file that a write or a sync failed on is
 * never used again: a new one takes its place as soon as the disk lets it.
 */
export class SyncMarks {
  /** W, as it was when the marks found at the start were written. Null in a new directory. */
  readonly previousWindowBytes: number | null
  readonly #fs: FileSystem
  readonly #clock: Clock
  readonly #directory: string
  readonly #windowBytes: number
  readonly #bootHash: number
  readonly #latest: Map<string, SyncMark>
  #file: FileHandle
  #fileNumber: number
  /** By partition: an older one says nothing that the newer does not. */
  #pending = new Map<string, MarkToWrite>()
  #isSyncScheduled = false
  #sync: Promise<void> | null = null
  #waiting: Deferred[] = []
  /** A write or a sync failed on the file: what it holds is unknown. */
  #isBroken = false
  /** Files whose marks are in a newer one, once that is synced. */
  readonly #oldPaths: string[] = []
  #isClosed = false

  private constructor(
    place: { fs: FileSystem; clock: Clock; directory: string; windowBytes: number },
    found: FoundMarks,
    file: FileHandle,
  ) {
    this.#fs = place.fs
    this.#clock = place.clock
    this.#directory = place.directory
    this.#windowBytes = place.windowBytes
    this.#bootHash = hashBootId(place.fs.bootId())
    this.previousWindowBytes = found.windowBytes
    this.#latest = found.latest
    this.#fileNumber = found.highestNumber + 1
    this.#file = file
  }

  /**
   * Reads what is there and begins a new file with it, synced. Damaged records are passed over. `known` is newer than
   * what is there: what a clean stop said of each log.
   *
   * Throws StorageError CORRUPT when every file ends before what was synced in it: log starts and epochs are lost then.
   */
  static async open(
    place: { fs: FileSystem; clock: Clock; directory: string; windowBytes: number },
    known: readonly NewMark[] = [],
  ): Promise<SyncMarks> {
    const { fs, directory } = place
    const found = readMarkFiles(fs, directory)
    if (found.isLost) throw lostMarks(markFilePath(directory, found.highestNumber))
    // Whoever made the old file may have died before its name was durable: the new name alone would look like a loss.
    if (found.names.length > 0) await fs.syncDirectory(directory)
    const file = fs.open(markFilePath(directory, found.highestNumber + 1), 'create')
    const marks = new SyncMarks(place, found, file)
    for (const mark of known)
      marks.#latest.set(keyOf(mark.topicId, mark.partition), withBoot(mark, marks.#bootHash))
    file.appendSync(marks.#wholeState())
    await file.sync()
    await fs.syncDirectory(directory)
    for (const name of found.names) fs.remove(`${directory}/${name}`)
    return marks
  }

  /** The newest mark of a partition, and whether this machine has been up since it was written. */
  get(topicId: string, partition: number): { mark: SyncMark; isFromThisBoot: boolean } | null {
    const mark = this.#latest.get(keyOf(topicId, partition))
    return mark === undefined ? null : { mark, isFromThisBoot: mark.bootHash === this.#bootHash }
  }

  /** Takes a mark in; it reaches the disk within 10 ms. */
  record(newMark: NewMark): void {
    const mark = withBoot(newMark, this.#bootHash)
    const key = keyOf(mark.topicId, mark.partition)
    this.#latest.set(key, mark)
    this.#put(key, mark)
  }

  /** The partition was deleted: its marks would pile up otherwise. */
  forget(topicId: string, partition: number): void {
    const key = keyOf(topicId, partition)
    const mark = this.#latest.get(key)
    if (mark === undefined) return
    this.#latest.delete(key)
    this.#put(key, { ...mark, isForgotten: true })
  }

  #put(key: string, mark: MarkToWrite): void {
    this.#pending.set(key, mark)
    this.#planSync()
  }

  /** Resolves when all marks recorded so far are on stable storage. */
  async durable(): Promise<void> {
    if (this.#sync !== null) await this.#sync
    const waiting = createDeferred()
    this.#waiting.push(waiting)
    this.#startSync()
    return waiting.promise
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    try {
      await this.durable()
    } finally {
      this.#isClosed = true
      this.#file.close()
    }
  }

  #planSync(): void {
    if (this.#isSyncScheduled || this.#isClosed) return
    this.#isSyncScheduled = true
    this.#clock.after(this.#isBroken ? RETRY_AFTER_MS : SYNC_WITHIN_MS, () => {
      this.#isSyncScheduled = false
      if (!this.#isClosed) this.#startSync()
    })
  }

  #write(): void {
    const pending = this.#pending
    if (pending.size === 0) return
    this.#pending = new Map()
    // The new file begins with the newest mark of each partition, these among them.
    if (this.#isBroken) return
    try {
      this.#file.appendSync(twice(encodeMarks([...pending.values()])))
    } catch (error) {
      this.#failed(error)
    }
  }

  #startSync(): void {
    if (this.#sync !== null) return
    this.#write()
    const covered = this.#waiting
    this.#waiting = []
    this.#sync = this.#syncOrRewrite().then(
      () => {
        this.#sync = null
        for (const waiter of covered) waiter.resolve()
        if (this.#waiting.length > 0) this.#startSync()
        else if (this.#pending.size > 0) this.#planSync()
      },
      (error: unknown) => {
        this.#sync = null
        this.#waiting.push(...covered)
        this.#failed(error)
      },
    )
  }

  async #syncOrRewrite(): Promise<void> {
    const isLarge = this.#file.sizeBytes >= REWRITE_AFTER_BYTES + 2 * this.#latest.size * MARK_BYTES
    if (!isLarge && !this.#isBroken) return this.#file.sync()
    const old = this.#file
    // From here on new marks go to the new file, which the reader prefers only record by record: none is lost.
    this.#fileNumber++
    this.#file = this.#fs.open(markFilePath(this.#directory, this.#fileNumber), 'create')
    this.#oldPaths.push(old.path)
    old.close()
    this.#isBroken = false
    this.#file.appendSync(this.#wholeState())
    await this.#file.sync()
    await this.#fs.syncDirectory(this.#directory)
    for (const path of this.#oldPaths.splice(0)) this.#fs.remove(path)
  }

  #wholeState(): Buffer[] {
    const marks = encodeMarks([...this.#latest.values()])
    const stateMarks = (2 * marks.length) / MARK_BYTES
    return [encodeMarksHeader({ windowBytes: this.#windowBytes, stateMarks }), ...twice(marks)]
  }

  /**
   * Marks only ever raise what recovery refuses to cut, so without new ones nothing is lost; but whoever waits for a
   * durable epoch or log start must hear of it.
   */
  #failed(error: unknown): void {
    this.#isBroken = true
    const failure = StorageError.from(error, this.#file.path, 'keep the sync marks')
    for (const waiter of this.#waiting) waiter.reject(failure)
    this.#waiting = []
    this.#planSync()
  }
}

/** A record that rots is passed over, and what it said of a partition's start and epoch stands nowhere else. */
function twice(records: Buffer): Buffer[] {
  return [records, records]
}

/** Field by field: of ten thousand marks a copy with one more field takes a third more memory. */
function withBoot(mark: NewMark, bootHash: number): SyncMark {
  const { topicId, partition, leaderEpoch, segmentBaseOffset, position, nextOffset, logStartOffset } = mark
  return {
    topicId,
    partition,
    leaderEpoch,
    segmentBaseOffset,
    position,
    nextOffset,
    logStartOffset,
    bootHash,
  }
}

/** The newest mark of each partition, for tools: nothing is written. The key is topic id, '/', partition. */
export function readSyncMarks(fs: FileSystem, directory: string): ReadonlyMap<string, SyncMark> {
  return readMarkFiles(fs, directory).latest
}

interface FoundMarks {
  readonly names: readonly string[]
  readonly highestNumber: number
  readonly windowBytes: number | null
  readonly latest: Map<string, SyncMark>
  /**
   * No file has all that was synced in it. One may end early, when a crash came while it was begun, but then there is
   * an older one: except the first of all, before which nothing had been synced.
   */
  readonly isLost: boolean
}

/** Merges all files there are: in ascending order, so that the newest mark of a partition wins. */
function readMarkFiles(fs: FileSystem, directory: string): FoundMarks {
  const numbers: number[] = []
  for (const { name } of fs.list(directory)) {
    const match = FILE.exec(name)
    if (match !== null) numbers.push(Number(match[1]))
  }
  numbers.sort((a, b) => a - b)
  const latest = new Map<string, SyncMark>()
  let windowBytes: number | null = null
  let isLost = numbers[0] !== undefined && numbers[0] > FIRST_NUMBER
  for (const number of numbers) {
    const content = decodeMarksFile(fs.readFile(markFilePath(directory, number)))
    if (content.windowBytes !== null) windowBytes = Math.max(windowBytes ?? 0, content.windowBytes)
    if (!content.isCut) isLost = false
    for (const { mark, isForgotten } of content.marks) {
      const key = keyOf(mark.topicId, mark.partition)
      if (isForgotten) latest.delete(key)
      else latest.set(key, mark)
    }
  }
  const highestNumber = numbers.at(-1) ?? 0
  return { names: numbers.map(markFileName), highestNumber, windowBytes, latest, isLost }
}

function lostMarks(path: string): StorageError {
  const message = `${path} ends before the marks that were synced in it. Nothing was changed; without the file, what was synced cannot be told from what a crash tore`
  return new StorageError('CORRUPT', path, message)
}

function markFileName(number: number): string {
  assert(Number.isSafeInteger(number))
  return `sync-marks.${number}`
}

function markFilePath(directory: string, number: number): string {
  return `${directory}/${markFileName(number)}`
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`
}
