/** Kafka's all-zero uuid: a commit that named no topic id. */
export const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Where a group stands in one partition. */
export interface CommittedOffset {
  /** The next offset to read. */
  readonly offset: number
  /** Of the last record read; -1 when the client did not say. */
  readonly leaderEpoch: number
  /** The client's own note; a null in the request is kept as ''. */
  readonly metadata: string
  readonly commitTimestampMs: number
  /** Only clients of OffsetCommit 2-4 may set it; -1: `offsets.retention.minutes` decides. */
  readonly expireTimestampMs: number
  /** The topic's id when the offset was committed; `NO_TOPIC_ID` in records of older brokers. */
  readonly topicId: string
}
