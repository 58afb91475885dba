import type { RecordHeaderInput } from '@millrace/record-batch'

/** One record to be sent. A null value is a tombstone on a compacted topic. */
export interface ProducerRecord {
  /** Records with the same key go to the same partition, in order. */
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly RecordHeaderInput[]
  /** Milliseconds since the epoch; the time of the call when left out. */
  readonly timestampMs?: number
  /** Goes exactly there; otherwise the key decides, or the batch that is being filled. */
  readonly partition?: number
}

/** Where a record was written. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 where the broker tells none (acks=0). */
  readonly offset: number
  /** The record's own time, or the broker's for a topic with LogAppendTime. */
  readonly timestampMs: number
}

/** Where the records of one `sendMany` were written: element i is about record i. */
export interface SendManyResult {
  readonly topic: string
  readonly partitions: Int32Array
  /** -1 for a record that failed, and where the broker tells none (acks=0). */
  readonly offsets: Float64Array
}
