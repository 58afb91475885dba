import type { TopicPartition } from '../../consumer/consumer-record.ts'

/** What one member told when it joined. */
export interface SubscribedMember {
  readonly memberId: string
  /** Static members keep their place in the order when they come back under another member id. */
  readonly instanceId: string | null
  readonly topics: readonly string[]
  /** What it has from the last rebalance and has not given up. */
  readonly owned: readonly TopicPartition[]
  /** The generation in which it got them; -1 when unknown. */
  readonly generationId: number
}

/** The partitions of each member, by member id. Every member is in it. */
export type Assignment = ReadonlyMap<string, readonly TopicPartition[]>

/** Divides the partitions of a group. Pure: the leader's client calls it with what all members told. */
export interface Assignor {
  /** Kafka's name: members of other clients offer the same. */
  readonly name: string
  /** Eager: every member gives up everything before a rebalance. Cooperative: only what moves (KIP-429). */
  readonly protocol: 'eager' | 'cooperative'
  /** `partitionCounts` holds the topics that exist. */
  assign(members: readonly SubscribedMember[], partitionCounts: ReadonlyMap<string, number>): Assignment
}

/** Members in an order that all clients agree on: by instance id where there is one, else by member id. */
export function inOrder(members: readonly SubscribedMember[]): SubscribedMember[] {
  const rank = ({ instanceId, memberId }: SubscribedMember): string => instanceId ?? memberId
  return [...members].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}
