import { CorruptBatchError, openRecords, type RecordCursor, readBatchHeader } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSlice } from '../log/log-slice.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Clock } from '../time/clock.ts'
import { decodeRecord, type RecordCodecs, type StoredRecord } from './log-record.ts'
import { aSignal, type OptionChecks, wholeNumber } from './option-check.ts'
import { OwnedCopies } from './owned-copies.ts'
import {
  READ_FROM,
  READ_UNTIL,
  type ReadFrom,
  type ReadUntil,
  resolveFrom,
  resolveUntil,
} from './read-range.ts'

export interface ReadOptions {
  /** Default: the beginning. */
  readonly from?: ReadFrom
  /** Default: the end as it is when the read begins. Ignored with `follow`. */
  readonly until?: ReadUntil
  /** Goes on with what is appended later, until the signal, the reader's `return` or the log's end. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
  /** So much is read from the disk at a time. Default 256 KiB. */
  readonly maxBytes?: number
}

/** What these options may be. */
export const READ_OPTIONS: OptionChecks<ReadOptions> = {
  from: READ_FROM,
  until: READ_UNTIL,
  follow: { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
  signal: aSignal,
  maxBytes: wholeNumber(1),
}

/** Its checksums hold the event loop for 60 us; larger reads are no quicker, since this much still fits the processor's cache. */
const DEFAULT_READ_BYTES = 256 * 1024
/**
 * After so many records from memory a reader lets the event loop turn: a replay must not hold up what others append.
 * Without it a synced append took seven times as long beside a reader; a turn costs about 5 ns for each record.
 */
const RECORDS_PER_TURN = 512
const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * Reads records in offset order. Holds one read's bytes and no more, whatever lies behind or ahead; control records of
 * transactions are passed over.
 *
 * Throws OffsetOutOfRangeError when retention took away what was to be read next (it names both offsets), StorageError,
 * and the signal's reason.
 */
export class RecordReader<Value, Key> implements AsyncIterableIterator<StoredRecord<Value, Key>> {
  readonly #log: PartitionLog
  readonly #clock: Clock
  readonly #codecs: RecordCodecs<Value, Key>
  readonly #options: ReadOptions
  #range: { next: number; readonly until: number } | null = null
  /** What was read last, as long as something in it was not given yet. */
  #slice: LogSlice | null = null
  /** Of its buffers those that are left: whole batches, of which the next begins at `#position` of the first buffer. */
  #buffers: readonly Buffer[] = []
  #position = 0
  #batch: OpenBatch | null = null
  #isOver = false
  readonly #copies = new OwnedCopies()
  #recordsThisTurn = 0
  /** Ends the wait for more. */
  #wake: (() => void) | null = null

  constructor(
    log: PartitionLog,
    clock: Clock,
    read: { codecs: RecordCodecs<Value, Key>; options: ReadOptions },
  ) {
    const { codecs, options } = read
    this.#log = log
    this.#clock = clock
    this.#codecs = codecs
    this.#options = options
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Answers without reading while there are records left of the last read. */
  next(): Promise<IteratorResult<StoredRecord<Value, Key>, undefined>> {
    if (++this.#recordsThisTurn > RECORDS_PER_TURN) return this.#nextInAnotherTurn()
    try {
      const record = this.#isOver ? null : this.#nextInMemory()
      if (record !== null) return Promise.resolve({ done: false, value: record })
    } catch (error) {
      this.#end()
      return Promise.reject(this.#typed(error))
    }
    return this.#readOn()
  }

  async #nextInAnotherTurn(): Promise<IteratorResult<StoredRecord<Value, Key>, undefined>> {
    await new Promise<void>((resolve) => this.#clock.endOfTurn(resolve))
    this.#recordsThisTurn = 0
    return this.next()
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end()
    return END
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  async #readOn(): Promise<IteratorResult<StoredRecord<Value, Key>, undefined>> {
    try {
      while (!this.#isOver) {
        this.#options.signal?.throwIfAborted()
        this.#range ??= await this.#resolveRange()
        if (this.#range.next >= this.#range.until) break
        if (this.#range.next >= this.#log.highWatermark && !(await this.#waitForMore(this.#range.next))) break
        await this.#readFrom(this.#range.next)
        const record = this.#nextInMemory()
        if (record !== null) return { done: false, value: record }
      }
    } catch (error) {
      this.#end()
      throw this.#typed(error)
    }
    this.#end()
    return END
  }

  async #resolveRange(): Promise<{ next: number; until: number }> {
    const { from = 'beginning', until = 'end', follow = false } = this.#options
    const next = await resolveFrom(this.#log, from)
    return { next, until: follow ? Number.POSITIVE_INFINITY : await resolveUntil(this.#log, until) }
  }

  async #readFrom(offset: number): Promise<void> {
    const maxBytes = this.#options.maxBytes ?? DEFAULT_READ_BYTES
    const request = { offset, maxBytes, isFirstBatchWhole: true, limit: 'last-stable' } as const
    this.#forget()
    const slice = await this.#log.read(request)
    this.#slice = slice
    this.#buffers = slice.buffers
  }

  /** The next record of what was read last; null when there is none. */
  #nextInMemory(): StoredRecord<Value, Key> | null {
    const range = this.#range
    if (range === null) return null
    for (let batch = this.#batch ?? this.#openBatch(range); batch !== null; batch = this.#openBatch(range)) {
      const { cursor } = batch
      while (cursor.next()) {
        const { offset } = cursor
        if (offset < range.next) continue
        if (offset >= range.until) {
          range.next = range.until
          this.#forget()
          return null
        }
        range.next = offset + 1
        return decodeRecord(cursor, this.#codecs, batch)
      }
      // Compaction may have taken the batch's last records, but not its last offset.
      range.next = Math.max(range.next, batch.nextOffset)
      this.#batch = null
    }
    return null
  }

  #openBatch(range: { next: number }): OpenBatch | null {
    for (let buffer = this.#buffers[0]; buffer !== undefined; buffer = this.#buffers[0]) {
      if (this.#position >= buffer.length) {
        this.#buffers = this.#buffers.slice(1)
        this.#position = 0
        continue
      }
      const header = readBatchHeader(buffer, this.#position)
      const start = this.#position
      this.#position += header.sizeBytes
      const nextOffset = header.lastOffset + 1
      if (header.isControl || nextOffset <= range.next) {
        range.next = Math.max(range.next, nextOffset)
        continue
      }
      const logAppendTimeMs = header.timestampType === 1 ? header.maxTimestampMs : null
      // Batches could be decompressed into the same memory one after the other.
      this.#copies.forget()
      const cursor = openRecords(buffer, start, header)
      this.#batch = { cursor, nextOffset, logAppendTimeMs, copies: this.#copies }
      return this.#batch
    }
    return null
  }

  /** Until there is more than `offset`. False when there never will be: the log was closed, or the reader is over. */
  async #waitForMore(offset: number): Promise<boolean> {
    const { signal, follow = false } = this.#options
    if (!follow) return false
    const log = this.#log
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const stops = [log.onHighWatermarkMoved(wake), log.onOffline(wake)]
    signal?.addEventListener('abort', wake)
    this.#wake = wake
    try {
      if (log.highWatermark <= offset && log.state === 'online' && !this.#isOver) await promise
    } finally {
      for (const stop of stops) stop()
      signal?.removeEventListener('abort', wake)
      this.#wake = null
    }
    signal?.throwIfAborted()
    if (log.error !== null) throw log.error
    return !this.#isOver && log.state === 'online'
  }

  /** A batch with a matching CRC may still hold records that make no sense: whoever wrote it did. */
  #typed(error: unknown): unknown {
    if (!(error instanceof CorruptBatchError)) return error
    const { directory } = this.#log
    const message = `${directory} at offset ${this.#range?.next ?? 0}: ${error.message}`
    return new StorageError('CORRUPT', directory, message, { cause: error })
  }

  /** Everything that was given is the reader's own, so the memory that it came from may go. */
  #forget(): void {
    this.#copies.forget()
    this.#batch = null
    this.#buffers = []
    this.#position = 0
    this.#slice?.release()
    this.#slice = null
  }

  #end(): void {
    this.#isOver = true
    this.#forget()
    this.#wake?.()
  }
}

interface OpenBatch {
  readonly cursor: RecordCursor
  readonly nextOffset: number
  /** The time of all records, when the log stamps it. */
  readonly logAppendTimeMs: number | null
  readonly copies: OwnedCopies
}
