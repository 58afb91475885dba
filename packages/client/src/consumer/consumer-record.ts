import type { RecordHeader } from '@millrace/record-batch'

/**
 * One record as read. Key, value and header values are views of the fetched bytes: keeping one keeps
 * its whole batch in memory, so copy what is to be kept for long.
 */
export interface ConsumerRecord<K = Buffer | null, V = Buffer | null> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: K
  readonly value: V
  readonly headers: readonly RecordHeader[]
}

/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}
