import type { FetchRequest } from '@millrace/protocol'

type AskedPartition = FetchRequest['topics'][number]['partitions'][number]

/** One partition that a fetch reads, as the request or its session has it. */
export interface FetchTarget {
  /** Empty from Fetch 13 on, where the id is the only name. */
  readonly topic: string
  readonly topicId: string
  readonly index: number
  fetchOffset: number
  maxBytes: number
  /** -1: no check. */
  currentLeaderEpoch: number
  /** -1: no check. */
  lastFetchedEpoch: number
}

/** One partition of the answer, in the shape that the codec takes. */
export interface FetchedPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | undefined
  currentLeader: { readonly leaderId: number; readonly leaderEpoch: number } | undefined
  readonly abortedTransactions:
    | readonly { readonly producerId: number; readonly firstOffset: number }[]
    | null
  /** Views of the log's memory. Empty, never null (trap 6c). */
  readonly records: Buffer | readonly Buffer[]
  /** To be called when the records have left. null: there are none. */
  readonly release: (() => void) | null
}

/** What a fetch asks for, in the order of the request. */
export function fetchTargetsOf(topics: FetchRequest['topics']): FetchTarget[] {
  const targets: FetchTarget[] = []
  for (const { topic, topicId, partitions } of topics) {
    for (const asked of partitions) targets.push(targetOf(topic, topicId, asked))
  }
  return targets
}

function targetOf(topic: string, topicId: string, asked: AskedPartition): FetchTarget {
  const { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch } = asked
  return {
    topic,
    topicId,
    index: partition,
    fetchOffset,
    maxBytes: partitionMaxBytes,
    currentLeaderEpoch,
    lastFetchedEpoch,
  }
}
