import { type PartitionLog, StorageError } from '@millrace/log-core'
import { ErrorCode, KafkaError } from '@millrace/protocol'
import {
  buildBatch,
  type RecordInput,
  readBatchHeader,
  readBatchRecords,
  scanBatches,
} from '@millrace/record-batch'
import type { ControlPlane } from '../cluster/control-plane.ts'
import type { TopicCatalog } from '../cluster/topic-catalog.ts'
import { OFFSETS_TOPIC } from '../cluster/topic-name.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import type { GroupOffsetsLog, StoredGroupRecord } from './group-offsets-log.ts'

/** How much of the log is read at once while groups load. */
const LOAD_BYTES = 1024 * 1024

export interface OffsetsTopicLogOptions {
  readonly catalog: TopicCatalog
  readonly controlPlane: ControlPlane
  readonly partitions: PartitionRegistry
  /** Of a topic that is still to be created. */
  readonly partitionCount: number
}

/** Records that the log has taken; the promise is of their durability. */
interface Accepted {
  readonly committed: Promise<void>
}

/** `__consumer_offsets` as groups need it. The topic is created when the first record is to be kept. */
export class OffsetsTopicLog implements GroupOffsetsLog {
  readonly partitionCount: number
  readonly #options: OffsetsTopicLogOptions
  #creating: Promise<unknown> | null = null
  /** By partition, the last append that waits for the topic or for room: later ones keep behind it. */
  readonly #held = new Map<number, Promise<Accepted>>()

  constructor(options: OffsetsTopicLogOptions) {
    this.#options = options
    // The number of an existing topic counts: groups must be found where they were kept.
    this.partitionCount = options.catalog.topic(OFFSETS_TOPIC)?.partitionCount ?? options.partitionCount
  }

  async append(partition: number, records: readonly RecordInput[]): Promise<void> {
    const ahead = this.#held.get(partition)
    const atOnce = ahead === undefined ? this.#tryAppend(partition, records) : null
    if (atOnce !== null) return atOnce
    const held = this.#appendBehind(ahead, partition, records)
    this.#held.set(partition, held)
    const { committed } = await held.finally(() => {
      if (this.#held.get(partition) === held) this.#held.delete(partition)
    })
    return committed
  }

  async *load(partition: number): AsyncGenerator<readonly StoredGroupRecord[]> {
    if (this.#options.catalog.topic(OFFSETS_TOPIC) === undefined) return
    const log = this.#log(partition)
    let offset = log.logStartOffset
    while (offset < log.logEndOffset) {
      const request = { offset, maxBytes: LOAD_BYTES, isFirstBatchWhole: true, limit: 'log-end' } as const
      const { buffers, sizeBytes } = await log.read(request)
      if (sizeBytes === 0) return
      for (const buffer of buffers) {
        for (const { position, header } of scanBatches(buffer)) {
          if (!header.isControl) yield readBatchRecords(buffer, position)
          offset = header.lastOffset + 1
        }
      }
    }
  }

  /** Behind whoever waits already, and not at all when that one is refused. */
  async #appendBehind(
    ahead: Promise<Accepted> | undefined,
    partition: number,
    records: readonly RecordInput[],
  ): Promise<Accepted> {
    await ahead
    if (this.#options.partitions.find(OFFSETS_TOPIC, partition) === undefined) await this.#create()
    for (;;) {
      const committed = this.#tryAppend(partition, records)
      if (committed !== null) return { committed }
      await this.#log(partition).whenRoom()
    }
  }

  /** When the records are durable; null while there is no topic, or no room in the log's queue. */
  #tryAppend(partition: number, records: readonly RecordInput[]): Promise<void> | null {
    if (this.#options.partitions.find(OFFSETS_TOPIC, partition) === undefined) return null
    const log = this.#log(partition)
    const batch = buildBatch(records, {})
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced', isFromClient: false })
    if (outcome.kind !== 'rejected') return outcome.committed
    if (outcome.reason === 'queue-full') return null
    throw new StorageError('EIO', log.directory, `${OFFSETS_TOPIC}-${partition}: ${outcome.message}`)
  }

  /** Many groups may need the topic at once: it is created for all of them together. */
  async #create(): Promise<void> {
    this.#creating ??= this.#options.controlPlane.createOffsetsTopic()
    try {
      await this.#creating
    } catch (error) {
      const isThere = error instanceof KafkaError && error.code === ErrorCode.TOPIC_ALREADY_EXISTS
      if (!isThere) throw error
    } finally {
      this.#creating = null
    }
  }

  #log(partition: number): PartitionLog {
    const found = this.#options.partitions.find(OFFSETS_TOPIC, partition)
    const log = found?.onlineLog ?? null
    if (log !== null) return log
    throw (
      found?.failure ?? new StorageError('ENOENT', OFFSETS_TOPIC, `${OFFSETS_TOPIC}-${partition} is not open`)
    )
  }
}
