import type { ConsumerMember } from './consumer-member.ts'
import {
  type AssignedPartitions,
  isSame,
  NOTHING_ASSIGNED,
  overlaps,
  type TopicPartitions,
} from './topic-partitions.ts'

/** Where a member is to get, and what stands in its way. */
export interface Reconciliation {
  readonly targetEpoch: number
  readonly target: TopicPartitions
  /** The topics that the member subscribes to and that exist. */
  readonly subscribedTopicIds: ReadonlySet<string>
  /** It subscribes to something else since this request. */
  readonly hasSubscriptionChanged: boolean
  /** What the member says that it owns; null where it does not say, because nothing changed. */
  readonly owned: TopicPartitions | null
  /** Whether nobody else owns the partition. */
  readonly isFree: (topicId: string, partition: number) => boolean
}

/**
 * One step of a member towards its target: the heart of KIP-848. Partitions that it must give up come first, and it
 * stays in its epoch until it has confirmed that it let go; only then does it get to the target's epoch, with what is
 * free of its target; what others still hold it gets when they have let go. Returns the same member when there is
 * nothing to do. Source: Kafka's CurrentAssignmentBuilder.
 */
export function reconcile(member: ConsumerMember, to: Reconciliation): ConsumerMember {
  switch (member.state) {
    case 'stable':
      if (member.memberEpoch !== to.targetEpoch) return nextAssignment(member, to, member.memberEpoch)
      return to.hasSubscriptionChanged ? dropUnsubscribed(member, to) : member
    case 'unrevoked':
      if (!ownsAny(to.owned, member.pendingRevocation)) return nextAssignment(member, to, member.memberEpoch)
      return to.hasSubscriptionChanged ? dropUnsubscribed(member, to) : member
    case 'unreleased':
      return nextAssignment(member, to, member.memberEpoch)
    case 'unknown':
      // The caller has fenced a member that owns anything: from here it can be reconciled from scratch.
      return nextAssignment(member, to, to.targetEpoch)
  }
}

/** Whether the member is in a state in which only one that owns nothing can go on. */
export function mustAbandonEverything(member: ConsumerMember, owned: TopicPartitions | null): boolean {
  return member.state === 'unknown' && (owned === null || owned.size > 0)
}

function nextAssignment(member: ConsumerMember, to: Reconciliation, memberEpoch: number): ConsumerMember {
  const target = subscribedPart(to)
  const { kept, revoked } = splitBy(member.assigned, target)
  if (revoked.size > 0 && ownsAny(to.owned, revoked)) {
    return changed(member, memberEpoch, { state: 'unrevoked', assigned: kept, pendingRevocation: revoked })
  }
  const { free, hasUnreleased } = pendingAssignment(to, target, kept)
  return changed(member, to.targetEpoch, {
    state: hasUnreleased ? 'unreleased' : 'stable',
    assigned: merged(kept, free),
    pendingRevocation: NOTHING_ASSIGNED,
  })
}

/** Without waiting for a new target, the member lets go of topics that it no longer subscribes to. */
function dropUnsubscribed(member: ConsumerMember, to: Reconciliation): ConsumerMember {
  const kept = new Map([...member.assigned].filter(([topicId]) => to.subscribedTopicIds.has(topicId)))
  if (kept.size === member.assigned.size) return member
  const dropped = new Map([...member.assigned].filter(([topicId]) => !to.subscribedTopicIds.has(topicId)))
  const revoked = merged(member.pendingRevocation, dropped)
  if (ownsAny(to.owned, revoked)) {
    return changed(member, member.memberEpoch, {
      state: 'unrevoked',
      assigned: kept,
      pendingRevocation: revoked,
    })
  }
  return changed(member, member.memberEpoch, {
    state: member.state,
    assigned: kept,
    pendingRevocation: member.pendingRevocation,
  })
}

function subscribedPart({ subscribedTopicIds, target }: Reconciliation): TopicPartitions {
  return new Map([...target].filter(([topicId]) => subscribedTopicIds.has(topicId)))
}

function splitBy(
  assigned: AssignedPartitions,
  target: TopicPartitions,
): { kept: AssignedPartitions; revoked: AssignedPartitions } {
  const kept = new Map<string, Map<number, number>>()
  const revoked = new Map<string, Map<number, number>>()
  for (const [topicId, epochs] of assigned) {
    const wanted = target.get(topicId)
    for (const [partition, epoch] of epochs) {
      const side = wanted?.has(partition) === true ? kept : revoked
      const partitions = side.get(topicId) ?? new Map<number, number>()
      side.set(topicId, partitions.set(partition, epoch))
    }
  }
  return { kept, revoked }
}

/** What the member may have at once, and whether there is more that others still hold. */
function pendingAssignment(
  { isFree, targetEpoch }: Reconciliation,
  target: TopicPartitions,
  kept: AssignedPartitions,
): { free: AssignedPartitions; hasUnreleased: boolean } {
  const free = new Map<string, Map<number, number>>()
  let hasUnreleased = false
  for (const [topicId, partitions] of target) {
    const has = kept.get(topicId)
    for (const partition of partitions) {
      if (has?.has(partition) === true) continue
      if (!isFree(topicId, partition)) {
        hasUnreleased = true
        continue
      }
      const given = free.get(topicId) ?? new Map<number, number>()
      free.set(topicId, given.set(partition, targetEpoch))
    }
  }
  return { free, hasUnreleased }
}

/** A member that says nothing of what it owns may still own everything. */
function ownsAny(owned: TopicPartitions | null, partitions: AssignedPartitions): boolean {
  if (partitions.size === 0) return false
  return owned === null || overlaps(owned, partitions)
}

function merged(one: AssignedPartitions, other: AssignedPartitions): AssignedPartitions {
  if (other.size === 0) return one
  const both = new Map([...one].map(([topicId, epochs]) => [topicId, new Map(epochs)]))
  for (const [topicId, epochs] of other) {
    const partitions = both.get(topicId) ?? new Map<number, number>()
    both.set(topicId, partitions)
    for (const [partition, epoch] of epochs) partitions.set(partition, epoch)
  }
  return both
}

type Progress = Pick<ConsumerMember, 'state' | 'assigned' | 'pendingRevocation'>

function changed(member: ConsumerMember, memberEpoch: number, progress: Progress): ConsumerMember {
  const isUnchanged =
    member.memberEpoch === memberEpoch &&
    member.state === progress.state &&
    isSame(member.assigned, progress.assigned) &&
    isSame(member.pendingRevocation, progress.pendingRevocation)
  if (isUnchanged) return member
  return { ...member, ...progress, memberEpoch, previousMemberEpoch: member.memberEpoch }
}
