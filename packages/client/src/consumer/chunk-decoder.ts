import {
  type BatchHeader,
  CorruptBatchError,
  openRecords,
  type RecordCursor,
  readBatchHeader,
  verifyBatchCrc,
} from '@millrace/record-batch'
import { ClientError } from '../client-error.ts'
import { LIMITS } from '../client-limits.ts'
import type { ConsumerRecord, TopicPartition } from './consumer-record.ts'
import type { ReadRange } from './read-range.ts'
import { decodeRecord, type RecordCodecs } from './record-fields.ts'

/** Whole batches of one partition as they were fetched. */
export interface Chunk {
  readonly source: TopicPartition
  readonly bytes: Buffer
  /** The offset asked for: earlier records of the first batch are left out. */
  readonly fromOffset: number
  /** What read_committed leaves out; sorted by first offset. */
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]
}

/** Records of one batch, perhaps none, and the offset behind them. */
export interface DecodedBatch<K, V> {
  readonly records: ConsumerRecord<K | null, V | null>[]
  readonly nextOffset: number
  /** A record lay behind the end of the range: the records before it are the last ones. */
  readonly isAtEnd: boolean
}

/** Where the records end that are wanted. */
export type DecodeEnd = Pick<ReadRange, 'end' | 'untilMs'>

const NO_END: DecodeEnd = { end: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }

const ABORT_MARKER = 0

/** A batch that is being taken apart. */
interface OpenBatch {
  readonly header: BatchHeader
  readonly cursor: RecordCursor
}

/**
 * Takes a chunk apart: one batch at a time, so that one is decompressed at a time, and of a batch so many records at a
 * time that they stay in the processor's cache, and are mostly garbage again before the collector has to move them.
 */
export class ChunkDecoder<K = Buffer, V = Buffer> {
  readonly chunk: Chunk
  readonly #codecs: RecordCodecs<K, V>
  readonly #end: DecodeEnd
  #isAtEnd = false
  #position = 0
  #openBatch: OpenBatch | null = null
  #abortedCount = 0
  /** Producers that are inside an aborted transaction at this point of the log. */
  readonly #aborting = new Set<number>()

  constructor(chunk: Chunk, codecs: RecordCodecs<K, V> = {}, end = NO_END) {
    this.chunk = chunk
    this.#codecs = codecs
    this.#end = end
  }

  get isDone(): boolean {
    return this.#position >= this.chunk.bytes.length
  }

  /** The next records. Throws CORRUPT_BATCH, naming topic, partition and offset, for a batch that cannot be right. */
  next(): DecodedBatch<K, V> {
    const { bytes, source } = this.chunk
    let offset = this.chunk.fromOffset
    try {
      const header = this.#openBatch?.header ?? readBatchHeader(bytes, this.#position)
      offset = header.baseOffset
      this.#openBatch ??= this.#open(header)
      const records = this.#openBatch === null ? [] : this.#someRecords(this.#openBatch)
      const last = records.at(-1)
      if (records.length === LIMITS.recordsPerStep && last !== undefined) {
        return { records, nextOffset: last.offset + 1, isAtEnd: false }
      }
      this.#openBatch = null
      this.#position += header.sizeBytes
      return { records, nextOffset: header.lastOffset + 1, isAtEnd: this.#isAtEnd }
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error
      const where = `the batch at offset ${offset} of ${source.topic}/${source.partition}`
      throw new ClientError('CORRUPT_BATCH', `${where}: ${error.message}`, { cause: error })
    }
  }

  /** Null for a batch whose records nobody is to see. */
  #open(header: BatchHeader): OpenBatch | null {
    const { bytes } = this.chunk
    if (!verifyBatchCrc(bytes, this.#position, header.sizeBytes)) {
      throw new CorruptBatchError('CRC_MISMATCH', 'the CRC does not fit the bytes')
    }
    if (this.#isLeftOut(header)) return null
    const options = { maxDecompressedBytes: LIMITS.maxDecompressedBytes }
    return { header, cursor: openRecords(bytes, this.#position, header, options) }
  }

  /** Fewer than `LIMITS.recordsPerStep` only when there are no more. */
  #someRecords({ header, cursor }: OpenBatch): ConsumerRecord<K | null, V | null>[] {
    const { fromOffset, source } = this.chunk
    const { end, untilMs } = this.#end
    const isAppendTime = header.timestampType === 1
    const records: ConsumerRecord<K | null, V | null>[] = []
    while (records.length < LIMITS.recordsPerStep && cursor.next()) {
      if (cursor.offset < fromOffset) continue
      const timestampMs = isAppendTime ? header.maxTimestampMs : cursor.timestampMs
      // What lies behind the end is not looked at: it may be of another kind.
      if (cursor.offset >= end || timestampMs >= untilMs) {
        this.#isAtEnd = true
        break
      }
      records.push(decodeRecord(source, cursor, this.#codecs, timestampMs))
    }
    return records
  }

  /** Control batches are no records; batches of an aborted transaction never happened. */
  #isLeftOut(header: BatchHeader): boolean {
    const { aborted } = this.chunk
    for (;;) {
      const next = aborted[this.#abortedCount]
      if (next === undefined || next.firstOffset > header.lastOffset) break
      this.#aborting.add(next.producerId)
      this.#abortedCount++
    }
    if (header.isControl) {
      if (this.#markerType(header) === ABORT_MARKER) this.#aborting.delete(header.producerId)
      return true
    }
    return header.isTransactional && this.#aborting.has(header.producerId)
  }

  /** A control record's key is its version and its type, two bytes each (trap 19). */
  #markerType(header: BatchHeader): number {
    const cursor = openRecords(this.chunk.bytes, this.#position, header)
    const key = cursor.next() ? cursor.key() : null
    return key !== null && key.length >= 4 ? key.readInt16BE(2) : -1
  }
}
