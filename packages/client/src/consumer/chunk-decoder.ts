import {
  type BatchHeader,
  CorruptBatchError,
  openRecords,
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

/** The records of one batch, perhaps none, and the offset behind it. */
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

/** Takes a chunk apart, one batch at a time, so that one batch at a time is decompressed. */
export class ChunkDecoder<K = Buffer, V = Buffer> {
  readonly chunk: Chunk
  readonly #codecs: RecordCodecs<K, V>
  readonly #end: DecodeEnd
  #isAtEnd = false
  #position = 0
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

  /** The next batch. Throws CORRUPT_BATCH, naming topic, partition and offset, for one that cannot be right. */
  next(): DecodedBatch<K, V> {
    const { bytes, source } = this.chunk
    let offset = this.chunk.fromOffset
    try {
      const header = readBatchHeader(bytes, this.#position)
      offset = header.baseOffset
      if (!verifyBatchCrc(bytes, this.#position, header.sizeBytes)) {
        throw new CorruptBatchError('CRC_MISMATCH', 'the CRC does not fit the bytes')
      }
      const records = this.#isLeftOut(header) ? [] : this.#records(header)
      this.#position += header.sizeBytes
      return { records, nextOffset: header.lastOffset + 1, isAtEnd: this.#isAtEnd }
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error
      const where = `the batch at offset ${offset} of ${source.topic}/${source.partition}`
      throw new ClientError('CORRUPT_BATCH', `${where}: ${error.message}`, { cause: error })
    }
  }

  #records(header: BatchHeader): ConsumerRecord<K | null, V | null>[] {
    const { bytes, fromOffset, source } = this.chunk
    const { end, untilMs } = this.#end
    const isAppendTime = header.timestampType === 1
    const options = { maxDecompressedBytes: LIMITS.maxDecompressedBytes }
    const cursor = openRecords(bytes, this.#position, header, options)
    const records: ConsumerRecord<K | null, V | null>[] = []
    while (cursor.next()) {
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
