import type {
  ConsumerGroupDescribeResponseInput,
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponseInput,
  DeleteGroupsResponseInput,
  DescribeGroupsResponseInput,
  HeartbeatRequest,
  HeartbeatResponseInput,
  JoinGroupRequest,
  JoinGroupResponseInput,
  LeaveGroupResponseInput,
  ListGroupsResponseInput,
  OffsetCommitRequest,
  OffsetCommitResponseInput,
  OffsetDeleteRequest,
  OffsetDeleteResponseInput,
  OffsetFetchResponseInput,
  SyncGroupRequest,
  SyncGroupResponseInput,
} from '@millrace/protocol'

/** Names a request that waits for its reply, so that the reply finds the connection it came from. */
export type RequestToken = number & { readonly __brand: 'RequestToken' }

/** Who sent a request, as far as groups care. */
export interface RequestOrigin {
  readonly apiVersion: number
  /** As the client calls itself; empty when it sent none. */
  readonly clientId: string
  /** Kafka's form, `/127.0.0.1`: it is stored in the group's records and shown by DescribeGroups. */
  readonly clientHost: string
}

/**
 * A timer is named by its object: the one that was armed is the one that fires, and a member that was
 * replaced has another. So a late timer of the past can never be taken for one of the present.
 */
export interface GroupTimer {
  readonly kind: 'session' | 'join' | 'sync' | 'rebalance'
  readonly groupId: string
  /** Empty for a timer of the whole group. */
  readonly memberId: string
}

/** One member that leaves: LeaveGroup 0-2 name it at the top level, 3 and later in a list. */
export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** The partitions asked for, or null for everything that the group has committed. */
export type RequestedTopics =
  | readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[]
  | null

/** One group of an OffsetFetch, in whichever form its version carried it. */
export interface OffsetFetchGroup {
  readonly groupId: string
  /** null and -1 unless a KIP-848 member asks (OffsetFetch 9). */
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly topics: RequestedTopics
}

interface Asked {
  readonly token: RequestToken
  readonly origin: RequestOrigin
}

/** Everything that can happen to a shard. Requests carry the token under which their reply will leave. */
export type GroupEvent =
  | (Asked & { readonly kind: 'join-group'; readonly request: JoinGroupRequest })
  | (Asked & { readonly kind: 'sync-group'; readonly request: SyncGroupRequest })
  | (Asked & { readonly kind: 'heartbeat'; readonly request: HeartbeatRequest })
  | (Asked & {
      readonly kind: 'leave-group'
      readonly groupId: string
      readonly members: readonly LeavingMember[]
    })
  | (Asked & { readonly kind: 'offset-commit'; readonly request: OffsetCommitRequest })
  | (Asked & {
      readonly kind: 'offset-fetch'
      readonly group: OffsetFetchGroup
      readonly requireStable: boolean
    })
  | (Asked & { readonly kind: 'describe-groups'; readonly groupIds: readonly string[] })
  | (Asked & { readonly kind: 'consumer-heartbeat'; readonly request: ConsumerGroupHeartbeatRequest })
  | { readonly kind: 'consumer-describe'; readonly token: RequestToken; readonly groupIds: readonly string[] }
  | { readonly kind: 'offset-delete'; readonly token: RequestToken; readonly request: OffsetDeleteRequest }
  | { readonly kind: 'list-groups'; readonly token: RequestToken; readonly filter: ListFilter }
  | { readonly kind: 'delete-groups'; readonly token: RequestToken; readonly groupIds: readonly string[] }
  | { readonly kind: 'timer-fired'; readonly timer: GroupTimer }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'expire-offsets' }
  | { readonly kind: 'topics-deleted'; readonly names: ReadonlySet<string> }

/** Empty sets let everything through. Both are compared in lower case. */
export interface ListFilter {
  readonly states: ReadonlySet<string>
  readonly types: ReadonlySet<string>
}

export type OffsetFetchGroupResponse = NonNullable<OffsetFetchResponseInput['groups']>[number]
export type DescribedGroup = DescribeGroupsResponseInput['groups'][number]
export type DescribedConsumerGroup = ConsumerGroupDescribeResponseInput['groups'][number]
export type ListedGroup = ListGroupsResponseInput['groups'][number]
export type DeletedGroup = DeleteGroupsResponseInput['results'][number]

/** What each kind of request is answered with. */
export interface GroupReplies {
  readonly 'join-group': JoinGroupResponseInput
  readonly 'sync-group': SyncGroupResponseInput
  readonly heartbeat: HeartbeatResponseInput
  readonly 'leave-group': LeaveGroupResponseInput
  readonly 'offset-commit': OffsetCommitResponseInput
  readonly 'offset-fetch': OffsetFetchGroupResponse
  readonly 'describe-groups': readonly DescribedGroup[]
  readonly 'consumer-heartbeat': ConsumerGroupHeartbeatResponseInput
  readonly 'consumer-describe': readonly DescribedConsumerGroup[]
  readonly 'offset-delete': OffsetDeleteResponseInput
  readonly 'list-groups': readonly ListedGroup[]
  readonly 'delete-groups': readonly DeletedGroup[]
}

export type GroupReply = GroupReplies[keyof GroupReplies]

/** A record of `__consumer_offsets` as it is appended; a null value is a tombstone. */
export interface PersistedRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** What the driver has to do after a step, in this order. */
export type GroupEffect =
  | { readonly kind: 'persist'; readonly record: PersistedRecord }
  | { readonly kind: 'reply'; readonly token: RequestToken; readonly reply: GroupReply }
  /** Arming an armed timer moves it. */
  | { readonly kind: 'arm-timer'; readonly timer: GroupTimer; readonly delayMs: number }
  /** Cancelling one that is not armed does nothing. */
  | { readonly kind: 'cancel-timer'; readonly timer: GroupTimer }
