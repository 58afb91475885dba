import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, regexOf } from './consumer-member.ts'
import { memberMetadataValue } from './member-records.ts'
import { dropRegexIfUnused, resolveRegex } from './regular-expressions.ts'

/** What a member says of itself, in either protocol. */
export type MemberWords = Pick<
  ConsumerMember,
  | 'instanceId'
  | 'rackId'
  | 'clientId'
  | 'clientHost'
  | 'subscribedTopicNames'
  | 'subscribedTopicRegex'
  | 'rebalanceTimeoutMs'
  | 'serverAssignor'
  | 'classic'
>

/** Persists what the member says, where that is new. Whether it subscribes to something else now. */
export function noteWhatItSays(
  step: Step,
  group: ConsumerGroup,
  before: ConsumerMember,
  said: MemberWords,
): boolean {
  const after: ConsumerMember = { ...before, ...said }
  const { groupId } = group
  const { memberId } = after
  const isNew = !group.members.has(memberId)
  const value = memberMetadataValue(after)
  if (isNew || !isSameText(value, memberMetadataValue(before))) {
    step.persist({ kind: 'consumer-member-metadata', groupId, memberId, value })
  }
  const [oldRegex, newRegex] = [regexOf(before), regexOf(after)]
  const hasRegexChanged = oldRegex !== newRegex
  if (hasRegexChanged) dropRegexIfUnused(step, group, oldRegex)
  if (newRegex !== null && !group.regexes.has(newRegex)) resolveRegex(step, group, newRegex)
  return isNew || hasRegexChanged || !isSameText(before.subscribedTopicNames, after.subscribedTopicNames)
}

function isSameText(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
