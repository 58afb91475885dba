import { consumerProtocolAssignment, consumerProtocolSubscription } from '@millrace/protocol'

/** What a consumer of the classic protocol sends as its metadata. */
export function subscription(
  topics: readonly string[],
  owned: readonly { topic: string; partitions: number[] }[] = [],
  version = 1,
): Buffer {
  return consumerProtocolSubscription.encode(version, { topics, ownedPartitions: owned })
}

/** What the leader of a classic group sends as a member's assignment. */
export function assignment(topic: string, partitions: readonly number[], version = 1): Buffer {
  return consumerProtocolAssignment.encode(version, { assignedPartitions: [{ topic, partitions }] })
}

/** The partitions in an assignment that a member was sent. */
export function partitionsIn(bytes: Buffer): number[] {
  return consumerProtocolAssignment.decode(bytes).assignedPartitions.flatMap(({ partitions }) => partitions)
}
