import type { OfferedProtocol } from '../classic/classic-member.ts'
import { type AssignedPartitions, NOTHING_ASSIGNED } from './topic-partitions.ts'

/**
 * How far a member is on its way to its target.
 *
 * `stable`: it has what the target of its epoch gives it. `unrevoked`: it has been told to let go of partitions and
 * has not confirmed. `unreleased`: it waits for partitions that others have not let go of. `unknown`: a newer broker
 * wrote a state that is not known here.
 */
export type MemberState = 'stable' | 'unrevoked' | 'unreleased' | 'unknown'

/** What a classic member of a consumer group brings along: KIP-848's online migration. */
export interface ClassicTraits {
  readonly sessionTimeoutMs: number
  readonly protocols: readonly OfferedProtocol[]
}

/** One member of a KIP-848 group. Never changed in place: every record about it makes another object. */
export interface ConsumerMember {
  readonly memberId: string
  /** Set for a static member. */
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** Sorted, each once. */
  readonly subscribedTopicNames: readonly string[]
  /** RE2 syntax; null or empty for none. */
  readonly subscribedTopicRegex: string | null
  readonly rebalanceTimeoutMs: number
  readonly serverAssignor: string | null
  /** null for a member that speaks the consumer protocol. */
  readonly classic: ClassicTraits | null
  /** 0 before its first assignment, -1 while it is being removed, -2 for a static member that is away. */
  readonly memberEpoch: number
  readonly previousMemberEpoch: number
  readonly state: MemberState
  readonly assigned: AssignedPartitions
  /** What it still owns until it confirms that it has let go. */
  readonly pendingRevocation: AssignedPartitions
}

export const LEFT_EPOCH = -1
export const STATIC_AWAY_EPOCH = -2

/** A member of which nothing is known yet but its id. */
export function newConsumerMember(memberId: string): ConsumerMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: [],
    subscribedTopicRegex: null,
    rebalanceTimeoutMs: -1,
    serverAssignor: null,
    classic: null,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: 'stable',
    assigned: NOTHING_ASSIGNED,
    pendingRevocation: NOTHING_ASSIGNED,
  }
}

/** The member's regular expression, or null where it has none. */
export function regexOf({ subscribedTopicRegex }: ConsumerMember): string | null {
  return subscribedTopicRegex === null || subscribedTopicRegex === '' ? null : subscribedTopicRegex
}

/** Whether the member has all of its target of this epoch, and nothing else. */
export function isReconciled({ memberEpoch, state }: ConsumerMember, targetEpoch: number): boolean {
  return state === 'stable' && memberEpoch === targetEpoch
}
