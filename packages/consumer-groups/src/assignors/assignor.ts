import type { TopicPartitions } from '../consumer/topic-partitions.ts'
import { assignRanges } from './range-assignor.ts'
import { assignUniformly } from './uniform-assignor.ts'

/** A member as an assignor sees it. */
export interface AssignableMember {
  readonly memberId: string
  /** Of a static member: it keeps its place in every order when it is restarted under another member id. */
  readonly instanceId: string | null
  /** The existing topics that it subscribes to. */
  readonly topicIds: ReadonlySet<string>
  /** What the target before this one gave it. */
  readonly previous: TopicPartitions
}

/** Existing topics with their numbers of partitions; at least those that members subscribe to. */
export type PartitionCounts = ReadonlyMap<string, number>

/**
 * Spreads the partitions of all subscribed topics over the members: each partition to exactly one member that
 * subscribes to its topic, if there is one. Every member has an entry in the result. The same input gives the same
 * result, in whatever order members come.
 */
export type Assignor = (
  members: readonly AssignableMember[],
  partitionCounts: PartitionCounts,
) => ReadonlyMap<string, TopicPartitions>

/** By the name that members and `group.consumer.assignors` use. */
export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', assignUniformly],
  ['range', assignRanges],
])
