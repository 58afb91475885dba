import { ASSIGNORS } from '../assignors/assignor.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { currentAssignmentValue } from './member-records.ts'
import { reconcile } from './reconcile.ts'
import { resolveRegex } from './regular-expressions.ts'
import { metadataHashOf, topicIdsOf } from './subscriptions.ts'
import { isSame, type TopicPartitions, toWire } from './topic-partitions.ts'

/**
 * Topics may have come, gone or grown since the group was last looked at: its regular expressions are matched again,
 * and its epoch rises if what it reads is not what it was. `mustBump`: it rises anyway, because members changed.
 */
export function refreshGroup(step: Step, group: ConsumerGroup, mustBump: boolean): void {
  const isUpToDate = group.topicsVersion === step.topics.version
  if (isUpToDate && !mustBump) return
  if (!isUpToDate) for (const regex of [...group.regexes.keys()]) resolveRegex(step, group, regex)
  group.topicsVersion = step.topics.version
  const metadataHash = metadataHashOf(step.topics, group)
  if (!mustBump && metadataHash === group.metadataHash && group.groupEpoch > 0) return
  const { groupId } = group
  if (group.hasPartitionMetadata) step.persist({ kind: 'consumer-partition-metadata', groupId, value: null })
  const epoch = group.groupEpoch + 1
  step.persist({ kind: 'consumer-group-metadata', groupId, value: { epoch, metadataHash } })
}

/** Spreads the partitions over the members, if that has not been done for the group's epoch. Only what changed is persisted. */
export function updateTarget(step: Step, group: ConsumerGroup): void {
  if (group.groupEpoch <= group.assignmentEpoch) return
  const { groupId } = group
  for (const [memberId, target] of computeTarget(step, group)) {
    if (group.target.has(memberId) && isSame(group.targetOf(memberId), target)) continue
    step.persist({
      kind: 'consumer-target-member',
      groupId,
      memberId,
      value: { topicPartitions: toWire(target) },
    })
  }
  const value = { assignmentEpoch: group.groupEpoch, assignmentTimestamp: step.nowMs }
  step.persist({ kind: 'consumer-target-metadata', groupId, value })
}

function computeTarget(step: Step, group: ConsumerGroup): ReadonlyMap<string, TopicPartitions> {
  const partitionCounts = new Map<string, number>()
  const members = [...group.members.values()].map((member) => {
    const topicIds = topicIdsOf(step.topics, group, member)
    for (const topicId of topicIds)
      partitionCounts.set(topicId, step.topics.findById(topicId)?.partitionCount ?? 0)
    const { instanceId, memberId } = member
    return { memberId, instanceId, topicIds, previous: group.targetOf(memberId) }
  })
  const [fallback] = step.config.consumerAssignors
  // A record may name an assignor that is not there any more; requests that do are refused.
  const assign = ASSIGNORS.get(group.preferredAssignor(fallback)) ?? ASSIGNORS.get(fallback)
  return assign?.(members, partitionCounts) ?? new Map()
}

/** Takes the member one step towards its target. `owned`: what it says that it owns, or null. */
export function reconcileMember(
  step: Step,
  group: ConsumerGroup,
  { hasSubscriptionChanged, memberId, owned }: MemberProgress,
): void {
  const member = group.members.get(memberId)
  if (member === undefined) return
  const next = reconcile(member, {
    targetEpoch: group.assignmentEpoch,
    target: group.targetOf(memberId),
    subscribedTopicIds: topicIdsOf(step.topics, group, member),
    hasSubscriptionChanged,
    owned,
    isFree: (topicId, partition) => group.isFreeFor(memberId, topicId, partition),
  })
  if (next === member) return
  const value = currentAssignmentValue(next)
  step.persist({ kind: 'consumer-current-assignment', groupId: group.groupId, memberId, value })
  // A member that speaks the classic protocol has timers for joining and syncing instead.
  if (member.classic !== null) return
  const timer = group.timersOf(memberId).rebalance
  if (next.state === 'unrevoked') step.armTimer(timer, next.rebalanceTimeoutMs)
  else step.cancelTimer(timer)
}

export interface MemberProgress {
  readonly memberId: string
  readonly owned: TopicPartitions | null
  readonly hasSubscriptionChanged: boolean
}
