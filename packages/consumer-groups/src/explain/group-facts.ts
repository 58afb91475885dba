/**
 * What is known of a group, for the question why nothing is consumed. The broker reads it from the group's own machine;
 * somebody who can only ask Kafka's APIs leaves null what those do not tell.
 */
export interface GroupFacts {
  readonly group: string
  readonly protocol: 'classic' | 'consumer'
  /** As Kafka shows it: `Empty`, `PreparingRebalance`, `Stable`, ... */
  readonly state: string
  /** How long it has been in that state. */
  readonly stateAgeMs: number | null
  readonly members: readonly MemberFacts[]
  /** Who keeps the others waiting; null: not known from here. */
  readonly holders: readonly Holder[] | null
  /** Members that were refused for the sake of another with the same instance id. */
  readonly refusedInstances: readonly RefusedInstance[]
  /** Subscribed to, and not there. */
  readonly missingTopics: readonly string[]
  /** Regular expressions that no topic matches. */
  readonly unmatchedPatterns: readonly string[]
  /** Of all topics that it subscribes to. */
  readonly subscribedPartitionCount: number
  /** Those that were committed or are assigned. */
  readonly partitions: readonly PartitionFacts[]
}

export interface MemberFacts {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly assignedCount: number
  /** Since it was last heard of. */
  readonly silentMs: number | null
}

/** A member that a rebalance waits for. */
export interface Holder {
  readonly memberId: string
  /**
   * `join`: it has not joined again. `first-join`: it was given its id and has not come back with it. `assign`: it leads
   * and has not made the assignment. `revoke`: it has not let go of partitions. `heartbeat`: it has not sent the heartbeat
   * with which it is told of its new partitions. `return`: a static member that is away, and is expected back. `company`:
   * nobody in particular, the first rebalance waits for more members.
   */
  readonly what: 'join' | 'first-join' | 'assign' | 'revoke' | 'heartbeat' | 'return' | 'company'
  /** How long it may still take; then the group goes on without it. */
  readonly leftMs: number | null
}

export interface RefusedInstance {
  readonly instanceId: string
  readonly refusedMemberId: string
  readonly holderMemberId: string
  readonly agoMs: number
}

/** Offsets are -1 where there is none. */
export interface PartitionFacts {
  readonly topic: string
  readonly partition: number
  readonly committed: number
  /** Since the last commit; null when there was none, or it is not known from here. */
  readonly commitAgeMs: number | null
  /** The member that it is assigned to. */
  readonly owner: string | null
  /** null when there is no such partition, or its log cannot be read. */
  readonly log: LogFacts | null
  /** Why its log cannot be read; null: it can, or nobody knows why not. */
  readonly failure: string | null
}

export interface LogFacts {
  readonly begin: number
  readonly end: number
  /** How old the record at the committed offset is; null when there is none, or nobody looked. */
  readonly oldestUnreadAgeMs: number | null
}

/** What a shard tells, to which its broker adds the logs. */
export type ShardGroupFacts = Omit<GroupFacts, 'partitions'> & {
  readonly partitions: readonly Omit<PartitionFacts, 'log' | 'failure'>[]
}
