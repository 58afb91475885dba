import { strict as assert } from 'node:assert'
import { closeSync, fdatasync, openSync, writevSync } from 'node:fs'
import { LogDirectory, nodeClock, nodeFileSystem, type PartitionLog } from '@millrace/log-core'
import { buildBatch, crc32c, readBatchHeader } from '@millrace/record-batch'
import { open as openLmdb, type RootDatabase } from 'lmdb'
import type { makeRecords } from '../harness/records.ts'

export type BenchmarkRecord = ReturnType<typeof makeRecords>[number]
export type Durability = 'written' | 'synced'

/** Something that keeps records: our log, or what it is compared with. Every call resolves when they are as durable as asked. */
export interface AppendTarget {
  open(path: string): Promise<void>
  /** All of them at once, one promise. */
  appendMany(records: readonly BenchmarkRecord[]): Promise<number>
  /** One, with a promise of its own. */
  append(record: BenchmarkRecord): Promise<number>
  close(): Promise<void>
}

const TOPIC = { topic: 'benchmark', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }

/** Our log, as the broker uses it: a batch is built, checked for its header, appended. */
export class LogTarget implements AppendTarget {
  readonly #durability: Durability
  #directory: LogDirectory | null = null
  #log: PartitionLog | null = null

  constructor(durability: Durability) {
    this.#durability = durability
  }

  async open(path: string): Promise<void> {
    this.#directory = await LogDirectory.open(nodeFileSystem(), path, { clock: nodeClock() })
    this.#log = await this.#directory.openLog(TOPIC)
  }

  async appendMany(records: readonly BenchmarkRecord[]): Promise<number> {
    assert(this.#log !== null)
    const batch = buildBatch(records)
    const outcome = this.#log.append(batch, readBatchHeader(batch), { durability: this.#durability })
    assert(outcome.kind === 'appended')
    await outcome.committed
    return outcome.lastOffset
  }

  append(record: BenchmarkRecord): Promise<number> {
    return this.appendMany([record])
  }

  async close(): Promise<void> {
    await this.#directory?.close()
  }
}

/** lmdb through its recommended way, a transaction per turn or per call; values in binary, keys the row's number. */
export class LmdbTarget implements AppendTarget {
  readonly #durability: Durability
  #database: RootDatabase<Buffer, number> | null = null
  #nextKey = 0

  constructor(durability: Durability) {
    this.#durability = durability
  }

  async open(path: string): Promise<void> {
    // Without overlapping sync a commit resolves when it is on the disk, as a synced append does.
    const sync = this.#durability === 'synced' ? { overlappingSync: false } : { noSync: true }
    this.#database = openLmdb<Buffer, number>({ path, encoding: 'binary', ...sync })
    this.#nextKey = 0
  }

  async appendMany(records: readonly BenchmarkRecord[]): Promise<number> {
    const database = this.#database
    assert(database !== null)
    // The quickest of its five ways on this work: the synchronous ones took up to three times as long.
    await database.transaction(() => {
      for (const { value } of records) void database.put(this.#nextKey++, value) // committed with the transaction
    })
    return this.#nextKey
  }

  async append({ value }: BenchmarkRecord): Promise<number> {
    assert(this.#database !== null)
    const key = this.#nextKey++
    await this.#database.put(key, value)
    return key
  }

  async close(): Promise<void> {
    await this.#database?.close()
  }
}

/**
 * The floor: the same bytes, built beforehand, a CRC over them and one vectored write, then `fdatasync` when they
 * shall be synced. A log that does no more than it must comes close to this.
 */
export class FloorTarget implements AppendTarget {
  readonly #durability: Durability
  #descriptor = -1
  readonly #batches = new Map<unknown, Buffer>()

  constructor(durability: Durability) {
    this.#durability = durability
  }

  async open(path: string): Promise<void> {
    this.#descriptor = openSync(path, 'ax')
  }

  async appendMany(records: readonly BenchmarkRecord[]): Promise<number> {
    return this.#write(records, records)
  }

  append(record: BenchmarkRecord): Promise<number> {
    return this.#write(record, [record])
  }

  async close(): Promise<void> {
    closeSync(this.#descriptor)
  }

  async #write(key: unknown, records: readonly BenchmarkRecord[]): Promise<number> {
    const batch = this.#batches.get(key) ?? buildBatch(records)
    this.#batches.set(key, batch)
    const checksum = crc32c(batch)
    writevSync(this.#descriptor, [batch])
    if (this.#durability === 'synced') await syncData(this.#descriptor)
    return checksum
  }
}

function syncData(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  })
}
