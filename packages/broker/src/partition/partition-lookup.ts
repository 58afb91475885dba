import { ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { ConnectionInfo } from '../network/connection-info.ts'
import type { Partition } from './partition.ts'

/** A partition that is led here, or the error code that a client gets instead. */
export type PartitionLookup = Partition | number

/**
 * Finds a partition for a request that came in on `connection`: it must exist, and the broker behind that
 * connection's listener must lead it (invariant C3).
 */
export function lookUpPartition(
  { clusterView, partitions }: BrokerServices,
  connection: ConnectionInfo,
  topic: string,
  index: number,
): PartitionLookup {
  const partition = partitions.find(topic, index)
  if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  if (!clusterView.isLeader(connection.listener.nodeId, topic, index)) return ErrorCode.NOT_LEADER_OR_FOLLOWER
  return partition
}

/** The check of KIP-320: whether the client has heard of the leader that we are. -1 asks for no check. */
export function leaderEpochError(partition: Partition, currentLeaderEpoch: number): number {
  const epoch = partition.log?.leaderEpoch ?? -1
  if (currentLeaderEpoch === -1 || epoch === -1 || currentLeaderEpoch === epoch) return ErrorCode.NONE
  return currentLeaderEpoch < epoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH
}

/** Whether an error tells a client to look for another leader, so that the answer should name it (KIP-951). */
export function isLeaderError(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH
}
