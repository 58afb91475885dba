import type { RecordInput } from '@millrace/record-batch'

/** One record of `__consumer_offsets` as it is read back at start. Key and value may be views. */
export interface StoredGroupRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly offset: number
}

/** The partitions of `__consumer_offsets`, as far as groups need them. The composition root puts logs behind it. */
export interface GroupOffsetsLog {
  readonly partitionCount: number
  /**
   * Appends the records as one batch and resolves when they are on stable storage. Several may be on their way in one
   * partition: they are appended, and resolve, in the order of the calls. Rejects with what the log says; then it
   * is unknown whether they are there, those behind it reject as well, and the shard is loaded again.
   */
  append(partition: number, records: readonly RecordInput[]): Promise<void>
  /**
   * Everything in the partition, in order, a batch at a time: a million records one by one cost more in waiting for
   * each than in reading them. Called again after a failed append: it then reads what is really there.
   */
  load(partition: number): AsyncIterable<readonly StoredGroupRecord[]>
}
