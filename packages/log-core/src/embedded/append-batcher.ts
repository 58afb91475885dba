import { strict as assert } from 'node:assert'
import { BatchBuilder, type CompressionId, type RecordInput, readBatchHeader } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { Durability } from '../log/append-outcome.ts'
import type { PartitionLog } from '../log/partition-log.ts'

/** What became of one record. */
export interface AppendedRecord {
  readonly offset: number
  readonly timestampMs: number
}

/** What became of several records that were appended together. */
export interface AppendedRecords {
  readonly baseOffset: number
  readonly lastOffset: number
}

/** One record is larger than `maxMessageBytes` allows for a whole batch. Nothing of it was written. */
export class RecordTooLargeError extends RangeError {
  readonly code = 'RECORD_TOO_LARGE'
  readonly path: string

  constructor(path: string, seen: { maxBytes: number }) {
    super(`a record does not fit into a batch of ${seen.maxBytes} bytes, the log's maxMessageBytes (${path})`)
    this.name = 'RecordTooLargeError'
    this.path = path
  }
}

interface Waiter {
  readonly timestampMs: number
  resolve(appended: AppendedRecord): void
  reject(error: unknown): void
}

/** A batch that was given its offsets. */
interface Sealed {
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  readonly committed: Promise<void>
}

/**
 * Gathers records that are appended one by one into batches: all of one turn of promises go into one, as long as it
 * is large enough. So a program with many appends in flight pays for a batch, not for each of its records.
 */
export class AppendBatcher {
  readonly #log: PartitionLog
  readonly #compression: CompressionId
  readonly #builder = new BatchBuilder()
  #waiters: Waiter[] = []
  #durability: Durability = 'synced'
  #isFlushPlanned = false

  constructor(log: PartitionLog, compression: CompressionId) {
    this.#log = log
    this.#compression = compression
  }

  /** Resolves when the record is as durable as it was asked to be. Throws RecordTooLargeError at once. */
  append(record: RecordInput, durability: Durability): Promise<AppendedRecord> {
    if (durability !== this.#durability) {
      this.flush()
      this.#durability = durability
    }
    this.#put(record)
    this.#planFlush()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ timestampMs: record.timestampMs, resolve, reject })
    })
  }

  /**
   * All of them behind each other: one batch, or as many as their size needs. Each is encoded when its turn comes, so
   * that none of them is an object for longer; when one cannot be, none is appended.
   */
  async appendMany<Record>(
    records: readonly Record[],
    encode: (record: Record) => RecordInput,
    durability: Durability,
  ): Promise<AppendedRecords> {
    this.flush()
    const sealed = this.#buildMany(records, encode).map((batch) => this.#append(batch, durability))
    const [first] = sealed
    assert(first !== undefined, 'appendMany was asked to append nothing')
    if (sealed.length === 1) await first.committed
    else await Promise.all(sealed.map(({ committed }) => committed))
    return { baseOffset: first.baseOffset, lastOffset: first.baseOffset + records.length - 1 }
  }

  /** Hands what was gathered to the log. */
  flush(): void {
    if (this.#builder.recordCount === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    try {
      const sealed = this.#append(this.#finish(), this.#durability)
      sealed.committed.then(
        () => tellOffsets(waiters, sealed),
        (error: unknown) => tellFailure(waiters, error),
      )
    } catch (error) {
      tellFailure(waiters, error)
    }
  }

  #buildMany<Record>(records: readonly Record[], encode: (record: Record) => RecordInput): Buffer[] {
    const batches: Buffer[] = []
    const maxBytes = this.#maxBytes
    try {
      for (const record of records) {
        const encoded = encode(record)
        if (this.#builder.tryAppend(encoded, maxBytes)) continue
        if (this.#builder.recordCount > 0) batches.push(this.#finish())
        this.#putAlone(encoded)
      }
      if (this.#builder.recordCount > 0) batches.push(this.#finish())
      return batches
    } catch (error) {
      this.#builder.clear()
      throw error
    }
  }

  get #maxBytes(): number {
    return this.#log.config.maxMessageBytes
  }

  #put(record: RecordInput): void {
    if (this.#builder.tryAppend(record, this.#maxBytes)) return
    this.flush()
    this.#putAlone(record)
  }

  #putAlone(record: RecordInput): void {
    const maxBytes = this.#maxBytes
    if (this.#builder.tryAppend(record, maxBytes)) return
    throw new RecordTooLargeError(this.#log.directory, { maxBytes })
  }

  #finish(): Buffer {
    return this.#builder.finish({ compression: this.#compression })
  }

  #append(batch: Buffer, durability: Durability): Sealed {
    const outcome = this.#log.append(batch, readBatchHeader(batch), { durability, ownsMemory: true })
    if (outcome.kind === 'appended') return outcome
    const seen = outcome.kind === 'rejected' ? outcome.message : 'a batch without producer is no duplicate'
    throw this.#log.error ?? new StorageError(codeOf(outcome), this.#log.directory, `not appended: ${seen}`)
  }

  /** Behind all promises that are settled by now: whoever waits for an earlier append may append again first. */
  #planFlush(): void {
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    queueMicrotask(() => {
      this.#isFlushPlanned = false
      this.flush()
    })
  }
}

function codeOf(outcome: { kind: string; reason?: string }): 'ENOSPC' | 'EBUSY' {
  return outcome.reason === 'disk-full' ? 'ENOSPC' : 'EBUSY'
}

function tellOffsets(waiters: readonly Waiter[], { baseOffset, logAppendTimeMs }: Sealed): void {
  for (const [index, waiter] of waiters.entries()) {
    const timestampMs = logAppendTimeMs >= 0 ? logAppendTimeMs : waiter.timestampMs
    waiter.resolve({ offset: baseOffset + index, timestampMs })
  }
}

function tellFailure(waiters: readonly Waiter[], error: unknown): void {
  for (const waiter of waiters) waiter.reject(error)
}
