import { ErrorCode, type MetadataResponse } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'

/** One partition as the brokers last described it. */
export interface PartitionMetadata {
  readonly partition: number
  /** Node id of the leader; -1 while there is none. */
  readonly leader: number
  /** -1 where the broker tells none. */
  readonly leaderEpoch: number
  readonly errorCode: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

/** One topic as the brokers last described it. `partitions[i]` is partition i. */
export interface TopicMetadata {
  readonly name: string
  /** 22 characters; `ZERO_TOPIC_ID` where the broker tells none. */
  readonly topicId: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

/** The id that stands for "no id" on the wire. */
export const ZERO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

type WireTopic = MetadataResponse['topics'][number]

/**
 * Reads one topic of a Metadata answer. A partition whose epoch lies below what `known` says of the
 * same topic id is older news from another broker, and does not replace it (Kafka's Metadata class).
 */
export function readTopicMetadata(topic: WireTopic, known: TopicMetadata | undefined): TopicMetadata {
  const sorted = [...topic.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)
  const isSameTopic = known !== undefined && known.topicId === topic.topicId
  const partitions = sorted.map((partition, position) => {
    if (partition.partitionIndex !== position) {
      const message = `the partitions of topic "${topic.name}" are not numbered from 0 without a gap`
      throw new ClientError('INVALID_RESPONSE', message)
    }
    const before = isSameTopic ? known.partitions[position] : undefined
    if (before !== undefined && partition.leaderEpoch >= 0 && partition.leaderEpoch < before.leaderEpoch) {
      return before
    }
    return readPartition(partition)
  })
  return { name: topic.name ?? '', topicId: topic.topicId, isInternal: topic.isInternal, partitions }
}

function readPartition(partition: WireTopic['partitions'][number]): PartitionMetadata {
  const hasLeader = partition.errorCode === ErrorCode.NONE && partition.leaderId >= 0
  return {
    partition: partition.partitionIndex,
    leader: hasLeader ? partition.leaderId : -1,
    leaderEpoch: partition.leaderEpoch,
    errorCode: partition.errorCode,
    replicas: partition.replicaNodes,
    inSyncReplicas: partition.isrNodes,
  }
}
