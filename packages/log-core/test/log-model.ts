import { buildBatch, readBatchHeader, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { DEFAULT_LOG_CONFIG, LogDirectory, type PartitionLog } from '../src/index.ts'

/** What a program does with a log. Numbers without a unit are shares of a thousand of what there is then. */
export type LogCommand =
  | {
      readonly kind: 'append'
      readonly records: readonly { readonly key: number; readonly timeMs: number }[]
    }
  | { readonly kind: 'read'; readonly from: number; readonly maxBytes: number }
  | { readonly kind: 'find-time'; readonly at: number }
  | { readonly kind: 'find-latest' }
  | { readonly kind: 'truncate-before'; readonly at: number }
  | { readonly kind: 'retain' }
  | { readonly kind: 'compact' }
  | { readonly kind: 'close' }
  | { readonly kind: 'crash'; readonly isPowerLost: boolean }

/**
 * Times grow with the offsets, out of order only among neighbours: otherwise the first batches hold nearly every time
 * that is looked up, and the indexes of the rest are never asked.
 */
const DRIFT_MS = 10

interface ModelRecord {
  readonly offset: number
  readonly key: string
  readonly value: string
  readonly timeMs: number
}

/** What a log is allowed to forget. */
export interface LogModelConfig {
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  readonly retentionBytes: number
}

/**
 * A log beside a plain array. Everything is acks=all, so whatever was acknowledged is there after any crash; what
 * retention and compaction may take away is all that may be missing.
 */
export class LogModel {
  readonly #disk: SimulatedDisk
  readonly #config
  #clock = new SimulatedClock()
  #directory: LogDirectory | null = null
  #log: PartitionLog | null = null
  /** All that was ever acknowledged. Index and offset are the same. */
  readonly #records: ModelRecord[] = []
  #startOffset = 0

  constructor(config: LogModelConfig) {
    this.#disk = new SimulatedDisk(new Prng(1))
    this.#config = {
      ...DEFAULT_LOG_CONFIG,
      ...config,
      segmentBytes: 600,
      indexIntervalBytes: 100,
      retentionMs: -1,
    }
  }

  async run(command: LogCommand): Promise<void> {
    const log = await this.#opened()
    switch (command.kind) {
      case 'append':
        return this.#append(log, command.records)
      case 'read':
        return this.#read(log, command)
      case 'find-time':
        return this.#findTime(log, Math.floor((this.#timesEndMs() * command.at) / 1_000))
      case 'find-latest':
        return this.#findLatest(log)
      case 'truncate-before': {
        const offset = Math.floor((log.highWatermark * command.at) / 1_000)
        await this.#settle(log.truncateBefore(offset))
        this.#startOffset = Math.max(this.#startOffset, offset)
        return this.#compareEnds(log)
      }
      case 'retain':
        return this.#retain(log)
      case 'compact':
        await this.#settle(log.compact({ nowMs: 0, seed: 7 }))
        return this.#compareAll(log)
      case 'close':
        await this.#settle(this.#directory?.close() ?? Promise.resolve())
        return this.#leave('process')
      case 'crash':
        return this.#leave(command.isPowerLost ? 'power' : 'process')
    }
  }

  /** At the end everything is read once more, and looked up by each time that there is. */
  async finish(): Promise<void> {
    const log = await this.#opened()
    await this.#compareAll(log)
    for (const timeMs of new Set(this.#kept().map((record) => record.timeMs)))
      await this.#findTime(log, timeMs)
    await this.#findTime(log, this.#timesEndMs())
  }

  async #opened(): Promise<PartitionLog> {
    if (this.#log !== null) return this.#log
    this.#clock = new SimulatedClock()
    const options = { clock: this.#clock, limits: { tailCacheBytesPerLog: 500 } }
    const directory = await this.#settle(LogDirectory.open(this.#disk.boot(this.#clock), '/data', options))
    const request = { topic: 't', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', config: this.#config }
    const log = await this.#settle(directory.openLog(request))
    this.#directory = directory
    this.#log = log
    this.#compareEnds(log)
    return log
  }

  #leave(kind: 'process' | 'power'): void {
    this.#disk.crash(kind)
    this.#log = null
    this.#directory = null
  }

  async #append(log: PartitionLog, records: readonly { key: number; timeMs: number }[]): Promise<void> {
    const driftMs = this.#records.length * DRIFT_MS
    const inputs = records.map(({ key, timeMs }, index) => ({
      key: `key ${key}`,
      value: `value ${this.#records.length + index}`,
      timestampMs: driftMs + timeMs,
    }))
    const batch = buildBatch(inputs)
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
    if (outcome.kind !== 'appended') throw new Error(`append: ${outcome.kind}`)
    equal(outcome.baseOffset, this.#records.length, 'base offset')
    await this.#settle(outcome.committed)
    for (const { key, value, timestampMs } of inputs)
      this.#records.push({ offset: this.#records.length, key, value, timeMs: timestampMs })
  }

  async #read(log: PartitionLog, { from, maxBytes }: { from: number; maxBytes: number }): Promise<void> {
    const count = log.highWatermark - log.logStartOffset
    const offset = log.logStartOffset + Math.floor((count * from) / 1_000)
    let read = await this.#readFrom(log, { offset, maxBytes })
    // A batch may end with offsets of which compaction left nothing.
    while (read.length === 0 && read.next < log.highWatermark)
      read = await this.#readFrom(log, { offset: read.next, maxBytes })
    const [first] = read
    const expected = this.#kept().find((record) => record.offset >= offset)
    // Compaction may have left an older record of a key, until its next pass; never none where there must be one.
    if (expected !== undefined && (first === undefined || first.offset > expected.offset))
      throw new Error(`read at ${offset} gave ${first?.offset}, expected ${expected.offset} or earlier`)
  }

  async #findTime(log: PartitionLog, timeMs: number): Promise<void> {
    const found = await this.#settle(log.offsetForTimestamp(timeMs))
    const expected = this.#kept().find((record) => record.timeMs >= timeMs)
    if (found === null) return equal(undefined, expected, `a record at or after ${timeMs}`)
    const record = this.#records[found.offset]
    equal(record?.timeMs, found.timestampMs, 'time of what was found')
    if (found.timestampMs < timeMs || found.offset > (expected?.offset ?? Number.POSITIVE_INFINITY))
      throw new Error(
        `found ${found.offset} (${found.timestampMs}) for ${timeMs}, expected ${expected?.offset}`,
      )
  }

  async #findLatest(log: PartitionLog): Promise<void> {
    const found = await this.#settle(log.maxTimestamp())
    if (this.#isCompacted()) return
    const kept = this.#kept()
    const latest = Math.max(...kept.map(({ timeMs }) => timeMs))
    equal(found?.offset, kept.find(({ timeMs }) => timeMs === latest)?.offset, 'offset of the latest time')
  }

  /** Retention by size removes whole segments from the front, and leaves at least what was asked for. */
  async #retain(log: PartitionLog): Promise<void> {
    await this.#settle(log.applyRetention(0))
    const { retentionBytes, cleanupPolicy } = this.#config
    const isLimited = retentionBytes >= 0 && cleanupPolicy.includes('delete')
    if (!isLimited) equal(log.logStartOffset, this.#startOffset, 'log start offset')
    else if (log.logStartOffset > this.#startOffset && log.sizeBytes < retentionBytes)
      throw new Error(`${log.sizeBytes} bytes are left, expected ${retentionBytes} or more`)
    this.#startOffset = log.logStartOffset
    await this.#compareAll(log)
  }

  #compareEnds(log: PartitionLog): void {
    equal(log.logStartOffset, this.#startOffset, 'log start offset')
    equal(log.logEndOffset, this.#records.length, 'log end offset')
    equal(log.highWatermark, this.#records.length, 'high watermark')
  }

  /** Every record that is found was sent, in order; every record that must be there is found. */
  async #compareAll(log: PartitionLog): Promise<void> {
    this.#compareEnds(log)
    const found = new Set<number>()
    for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
      const read = await this.#readFrom(log, { offset, maxBytes: 400 })
      for (const record of read) found.add(record.offset)
      offset = read.next
    }
    for (const { offset } of this.#kept())
      if (!found.has(offset)) throw new Error(`the record at ${offset} is gone`)
  }

  async #readFrom(
    log: PartitionLog,
    { offset, maxBytes }: { offset: number; maxBytes: number },
  ): Promise<ModelRecord[] & { next: number }> {
    const request = { offset, maxBytes, isFirstBatchWhole: true, limit: 'high-watermark' } as const
    const slice = await this.#settle(Promise.resolve(log.read(request)))
    const found: ModelRecord[] = []
    let next = offset
    for (const buffer of slice.buffers) {
      for (const { position, header } of scanBatches(buffer)) {
        for (const record of readBatchRecords(buffer, position)) {
          if (record.offset < offset) continue
          const { key, value, timestampMs } = record
          const seen = { offset: record.offset, key: String(key), value: String(value), timeMs: timestampMs }
          equal(JSON.stringify(seen), JSON.stringify(this.#records[record.offset]), `record ${record.offset}`)
          found.push(seen)
        }
        next = header.lastOffset + 1
      }
    }
    if (next === offset && offset < log.highWatermark) throw new Error(`nothing at ${offset}`)
    return Object.assign(found, { next })
  }

  /** What must be there: in a compacted log only the newest record of each key. */
  #kept(): ModelRecord[] {
    const records = this.#records.slice(this.#startOffset)
    if (!this.#isCompacted()) return records
    const newest = new Map(records.map((record) => [record.key, record.offset]))
    return records.filter(({ key, offset }) => newest.get(key) === offset)
  }

  #timesEndMs(): number {
    return Math.max(-1, ...this.#records.map(({ timeMs }) => timeMs)) + 1
  }

  #isCompacted(): boolean {
    return this.#config.cleanupPolicy.includes('compact')
  }

  #settle<T>(pending: Promise<T>): Promise<T> {
    return this.#clock.settle(pending)
  }
}

function equal(seen: unknown, expected: unknown, what: string): void {
  if (seen !== expected) throw new Error(`${what}: ${seen}, expected ${expected}`)
}
