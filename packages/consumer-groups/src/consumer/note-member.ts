import { offersSame } from '../classic/classic-member.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ClassicTraits, type ConsumerMember, regexOf } from './consumer-member.ts'
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
  const { groupId } = group
  const { memberId } = before
  const isNew = !group.members.has(memberId)
  const after: ConsumerMember = { ...before, ...said }
  if (isNew || !saysTheSame(before, said)) {
    step.persist({ kind: 'consumer-member-metadata', groupId, memberId, value: memberMetadataValue(after) })
  }
  const [oldRegex, newRegex] = [regexOf(before), regexOf(after)]
  const hasRegexChanged = oldRegex !== newRegex
  if (hasRegexChanged) dropRegexIfUnused(step, group, oldRegex)
  if (newRegex !== null && !group.regexes.has(newRegex)) resolveRegex(step, group, newRegex)
  return isNew || hasRegexChanged || !areSameNames(before.subscribedTopicNames, after.subscribedTopicNames)
}

/** Field by field: nearly every heartbeat says what the one before it said, and most of them name nothing at all. */
function saysTheSame(before: ConsumerMember, said: MemberWords): boolean {
  return (
    before.instanceId === said.instanceId &&
    before.rackId === said.rackId &&
    before.clientId === said.clientId &&
    before.clientHost === said.clientHost &&
    before.subscribedTopicRegex === said.subscribedTopicRegex &&
    before.rebalanceTimeoutMs === said.rebalanceTimeoutMs &&
    before.serverAssignor === said.serverAssignor &&
    areSameNames(before.subscribedTopicNames, said.subscribedTopicNames) &&
    isSameClassic(before.classic, said.classic)
  )
}

function areSameNames(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((name, index) => name === other[index]))
}

function isSameClassic(one: ClassicTraits | null, other: ClassicTraits | null): boolean {
  if (one === null || other === null) return one === other
  return one.sessionTimeoutMs === other.sessionTimeoutMs && offersSame(one, other.protocols)
}
