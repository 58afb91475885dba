import type { RecordInput } from '@millrace/record-batch'
import type { GroupOffsetsLog, StoredGroupRecord } from '../groups/group-offsets-log.ts'

interface Append {
  readonly partition: number
  readonly records: readonly RecordInput[]
  readonly settle: PromiseWithResolvers<void>
}

/** A log of offsets whose appends become durable, or fail, when a test says so. */
export class ManualOffsetsLog implements GroupOffsetsLog {
  readonly partitionCount: number
  readonly appends: Append[] = []
  readonly durable: StoredGroupRecord[][]
  /** Appends succeed at once. */
  isPrompt = false
  /** What `load` throws, while it is set. */
  loadError: Error | null = null
  /** Loading stops before its first record until this resolves. */
  loadGate: Promise<void> = Promise.resolve()
  loadCount = 0

  constructor(partitionCount = 1) {
    this.partitionCount = partitionCount
    this.durable = Array.from({ length: partitionCount }, () => [])
  }

  append(partition: number, records: readonly RecordInput[]): Promise<void> {
    const append = { partition, records, settle: Promise.withResolvers<void>() }
    this.appends.push(append)
    if (this.isPrompt) this.succeed()
    return append.settle.promise
  }

  async *load(partition: number): AsyncGenerator<readonly StoredGroupRecord[]> {
    this.loadCount++
    await this.loadGate
    if (this.loadError !== null) throw this.loadError
    yield this.durable[partition] ?? []
  }

  /** The oldest append is on stable storage. */
  succeed(): void {
    const append = this.#take()
    const stored = this.durable[append.partition] ?? []
    for (const { key, value } of append.records) {
      stored.push({ key: bytesOf(key), value: bytesOf(value), offset: stored.length })
    }
    append.settle.resolve()
  }

  /** Every append that is on its way: nothing arrives behind one that failed. */
  fail(error = new Error('EIO: the disk is gone')): void {
    while (this.appends.length > 0) this.failOldest(error)
  }

  failOldest(error = new Error('EIO: the disk is gone')): void {
    this.#take().settle.reject(error)
  }

  #take(): Append {
    const append = this.appends.shift()
    if (append === undefined) throw new Error('no append is on its way')
    return append
  }
}

function bytesOf(part: RecordInput['key']): Buffer | null {
  return typeof part === 'string' ? Buffer.from(part) : part
}
