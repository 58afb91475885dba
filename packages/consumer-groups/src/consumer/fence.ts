import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, regexOf } from './consumer-member.ts'
import { refreshGroup } from './epochs.ts'
import { dropRegexIfUnused } from './regular-expressions.ts'

/** Members are out: what they owned is free, and the group's epoch rises. Others get their share at their next heartbeat. */
export function removeMembers(step: Step, group: ConsumerGroup, members: readonly ConsumerMember[]): void {
  for (const member of members) {
    forgetMember(step, group, member)
    dropRegexIfUnused(step, group, regexOf(member))
  }
  if (members.length > 0) refreshGroup(step, group, true)
}

/** The member's records are buried, in the order that Kafka buries them in: what it owns first. */
export function forgetMember(step: Step, group: ConsumerGroup, { memberId }: ConsumerMember): void {
  const { groupId } = group
  for (const timer of Object.values(group.timersOf(memberId))) step.cancelTimer(timer)
  step.persist({ kind: 'consumer-current-assignment', groupId, memberId, value: null })
  step.persist({ kind: 'consumer-target-member', groupId, memberId, value: null })
  step.persist({ kind: 'consumer-member-metadata', groupId, memberId, value: null })
}

/** Everything that the group persisted is buried, members and all; its committed offsets are not part of that. */
export function buryConsumerGroup(step: Step, group: ConsumerGroup): void {
  const { groupId } = group
  const memberIds = [...group.members.keys()]
  for (const memberId of memberIds) {
    for (const timer of Object.values(group.timersOf(memberId))) step.cancelTimer(timer)
    step.persist({ kind: 'consumer-current-assignment', groupId, memberId, value: null })
  }
  for (const memberId of memberIds)
    step.persist({ kind: 'consumer-target-member', groupId, memberId, value: null })
  step.persist({ kind: 'consumer-target-metadata', groupId, value: null })
  for (const memberId of memberIds)
    step.persist({ kind: 'consumer-member-metadata', groupId, memberId, value: null })
  for (const regularExpression of [...group.regexes.keys()]) {
    step.persist({ kind: 'consumer-regular-expression', groupId, regularExpression, value: null })
  }
  if (group.hasPartitionMetadata) step.persist({ kind: 'consumer-partition-metadata', groupId, value: null })
  step.persist({ kind: 'consumer-group-metadata', groupId, value: null })
}
