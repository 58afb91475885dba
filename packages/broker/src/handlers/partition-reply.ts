import { ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Topic } from '../cluster/topic.ts'

/** What Metadata and DescribeTopicPartitions say of a partition alike. */
export interface PartitionReply {
  readonly errorCode: number
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

type Services = Pick<BrokerServices, 'clusterView' | 'partitions'>

/** Shared, since there are as many of it as there are partitions. */
const NONE: readonly number[] = []

export function describePartition(
  { clusterView, partitions }: Services,
  topic: Topic,
  index: number,
): PartitionReply {
  const replicas = clusterView.replicasOf(topic.name, index, topic.replicationFactor)
  const partition = partitions.find(topic.name, index)
  // Between the catalog's entry and the open log: the leader comes in a moment.
  const isReady = partition !== undefined && partition.topicId === topic.topicId
  return {
    errorCode: isReady ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE,
    partitionIndex: index,
    leaderId: isReady ? clusterView.leaderOf(topic.name, index) : -1,
    leaderEpoch: partition?.log?.leaderEpoch ?? -1,
    replicaNodes: replicas,
    isrNodes: replicas,
    offlineReplicas: NONE,
  }
}

/**
 * How many partitions of a topic there are to see: those that are on their way are not, until whoever asked for them has
 * his answer. In Kafka a partition appears together with its leader, and a client that lists all topics (kafkajs) takes
 * one without a leader, of somebody else's new topic, for a failure of its own.
 */
export function visiblePartitions({ partitions }: Services, topic: Topic): number {
  return Math.min(topic.partitionCount, partitions.ofTopic(topic.name).length)
}
