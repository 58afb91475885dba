import { Compression, type CompressionName, type RecordInput } from '@millrace/record-batch'
import type { Durability } from '../log/append-outcome.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Clock } from '../time/clock.ts'
import { AppendBatcher, type AppendedRecord, type AppendedRecords } from './append-batcher.ts'
import {
  APPEND_ALL_OPTIONS,
  type AppendAllOptions,
  type AppendAllResult,
  appendStream,
} from './append-stream.ts'
import { DURABILITY } from './log-options.ts'
import { type AppendRecord, encodeRecord, type RecordCodecs } from './log-record.ts'
import { aSignal, checkOptions, type OptionChecks } from './option-check.ts'
import { checkOffset } from './read-range.ts'
import { checkRecords, checkSource } from './record-check.ts'
import { READ_OPTIONS, type ReadOptions, RecordReader } from './record-reader.ts'

export interface AppendManyOptions {
  /** Default: what the log was opened with. */
  readonly durability?: Durability
  readonly signal?: AbortSignal
}

/** What appends get when nobody says otherwise: known to be good, which the path of one record need not find out. */
const NO_OPTIONS: AppendManyOptions = Object.freeze({})
const APPEND_OPTIONS: OptionChecks<AppendManyOptions> = { durability: DURABILITY, signal: aSignal }

/** Where a log stands. */
export interface LogInfo {
  /** The first offset that can be read. */
  readonly startOffset: number
  /** Readers see what lies before it. */
  readonly visibleEndOffset: number
  /** The next offset to be given. */
  readonly endOffset: number
  /** Everything before it is on stable storage. */
  readonly syncedOffset: number
  /** When that was reached, milliseconds since 1970; null when nothing was synced since the log was opened. */
  readonly lastSyncAtMs: number | null
  readonly sizeBytes: number
  readonly segments: number
  readonly leaderEpoch: number
}

/** What a log is made of once it is open. */
export interface EmbeddedLogParts<Value, Key> {
  readonly log: PartitionLog
  readonly codecs: RecordCodecs<Value, Key>
  readonly clock: Clock
  readonly durability: Durability
  readonly compression: CompressionName
  readonly close: () => Promise<void>
}

/**
 * An append-only log inside this process: records with offsets, read from any offset or time, kept as long as its
 * config says. `openLog` and `EmbeddedDirectory.openLog` make it.
 */
export class EmbeddedLog<Value = Buffer, Key = string> implements AsyncDisposable {
  readonly #parts: EmbeddedLogParts<Value, Key>
  readonly #batcher: AppendBatcher

  constructor(parts: EmbeddedLogParts<Value, Key>) {
    this.#parts = parts
    this.#batcher = new AppendBatcher(parts.log, Compression[parts.compression])
  }

  /**
   * Appends one record, and resolves when it is as durable as it shall be. Appends need not wait for each other: those
   * that are made together share a batch, a write and a sync, and keep their order. Waits while the disk is far behind.
   *
   * @throws RecordTooLargeError, InvalidRequestError, StorageError, the signal's reason (then the record was not appended)
   */
  append(record: AppendRecord<Value, Key>, options: AppendManyOptions = NO_OPTIONS): Promise<AppendedRecord> {
    try {
      this.#checkAppend('append', options)
      if (options.signal !== undefined || !this.#hasRoom()) return this.#appendWhenRoom(record, options)
      return this.#append(record, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Appends records as one batch (more when they do not fit into one), one behind the other. At least one. */
  async appendMany(
    records: readonly AppendRecord<Value, Key>[],
    options: AppendManyOptions = NO_OPTIONS,
  ): Promise<AppendedRecords> {
    this.#checkAppend('appendMany', options)
    checkRecords(this.#path, records)
    options.signal?.throwIfAborted()
    if (!this.#hasRoom()) await this.#room(options.signal)
    const { codecs, clock, durability } = this.#parts
    const place = { nowMs: clock.nowMs(), path: this.#path }
    const encode = (record: AppendRecord<Value, Key>): RecordInput => encodeRecord(record, codecs, place)
    return this.#batcher.appendMany(records, encode, options.durability ?? durability)
  }

  /** Appends everything that `records` gives, as fast as the disk takes it, and holds little of it in memory. */
  async appendAll(
    records: AsyncIterable<AppendRecord<Value, Key>> | Iterable<AppendRecord<Value, Key>>,
    options: AppendAllOptions = {},
  ): Promise<AppendAllResult> {
    checkOptions({ of: 'appendAll', path: this.#path }, options, APPEND_ALL_OPTIONS)
    checkSource(this.#path, records)
    return appendStream((batch, batchOptions) => this.appendMany(batch, batchOptions), records, options)
  }

  /**
   * Reads records in offset order, from the beginning to the end as it is now unless the options say otherwise:
   *
   *     for await (const record of log.read({ from: { time: yesterday } })) ...
   */
  read(options: ReadOptions = {}): RecordReader<Value, Key> {
    const { log, clock, codecs } = this.#parts
    checkOptions({ of: 'read', path: this.#path }, options, READ_OPTIONS)
    return new RecordReader(log, clock, { codecs, options })
  }

  /** Resolves when everything appended so far is on stable storage. */
  async flush(): Promise<void> {
    this.#batcher.flush()
    await this.#parts.log.flush()
  }

  /** Removes what lies before `offset`, durably: at once for readers, on the disk in whole segments. */
  async truncateBefore(offset: number): Promise<void> {
    // A whole number that is too large lies behind the end, which the log tells with what there is.
    if (!Number.isInteger(offset)) checkOffset(this.#parts.log, offset)
    await this.#parts.log.truncateBefore(offset)
  }

  info(): LogInfo {
    const { log } = this.#parts
    return {
      startOffset: log.logStartOffset,
      visibleEndOffset: log.highWatermark,
      endOffset: log.logEndOffset,
      syncedOffset: log.syncedOffset,
      lastSyncAtMs: log.lastSyncAtMs,
      sizeBytes: log.sizeBytes,
      segments: log.segmentCount,
      leaderEpoch: log.leaderEpoch,
    }
  }

  /** Writes and syncs what was appended, ends readers that follow, and closes the files. Idempotent. */
  close(): Promise<void> {
    this.#batcher.flush()
    return this.#parts.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #append(record: AppendRecord<Value, Key>, { durability }: AppendManyOptions): Promise<AppendedRecord> {
    const { codecs, clock, log } = this.#parts
    const encoded = encodeRecord(record, codecs, { nowMs: clock.nowMs(), path: log.directory })
    return this.#batcher.append(encoded, durability ?? this.#parts.durability)
  }

  async #appendWhenRoom(
    record: AppendRecord<Value, Key>,
    options: AppendManyOptions,
  ): Promise<AppendedRecord> {
    options.signal?.throwIfAborted()
    if (!this.#hasRoom()) await this.#room(options.signal)
    return this.#append(record, options)
  }

  get #path(): string {
    return this.#parts.log.directory
  }

  #checkAppend(of: string, options: AppendManyOptions): void {
    if (options !== NO_OPTIONS) checkOptions({ of, path: this.#path }, options, APPEND_OPTIONS)
  }

  #hasRoom(): boolean {
    return this.#parts.log.hasRoom
  }

  async #room(signal: AbortSignal | undefined): Promise<void> {
    while (!this.#hasRoom()) {
      await this.#parts.log.whenRoom()
      signal?.throwIfAborted()
    }
  }
}
