import type { TopicPartition } from './consumer-record.ts'

/** Where the fetcher stands in one partition. */
export class FetchPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** The next offset to fetch; what is buffered lies below it. */
  fetchOffset: number
  /** Bytes that were fetched and not yet taken. */
  bufferedBytes = 0
  isPaused = false
  /** An error was handed out: no more fetches until the owner has moved the position. */
  isFailed = false
  /** No fetch before this moment, in ms of the monotonic clock. */
  notBeforeMs = 0
  failedAttempts = 0
  /** When the attempts began to fail, null after one that succeeded. */
  failingSinceMs: number | null = null
  /** Why the last attempt came to nothing, null after one that succeeded. */
  lastError: Error | null = null
  /** Changes with every seek: what was fetched before it is dropped. */
  positionVersion = 0
  /** The epoch under which the last fetched batch was written; -1 before the first one. */
  lastFetchedEpoch = -1
  /** Under this leader epoch it is known that the log still has what was read; -1 before the first fetch. */
  checkedEpoch = -1
  isCheckingEpoch = false
  /** -1 before the first answer. */
  highWatermark = -1
  lastStableOffset = -1
  logStartOffset = -1

  constructor(topic: string, partition: number, fetchOffset: number) {
    this.topic = topic
    this.partition = partition
    this.fetchOffset = fetchOffset
  }

  seek(offset: number): void {
    this.fetchOffset = offset
    this.positionVersion++
    this.bufferedBytes = 0
    this.isFailed = false
    this.notBeforeMs = 0
    this.lastFetchedEpoch = -1
    this.failedAttempts = 0
    this.failingSinceMs = null
    this.lastError = null
  }
}
