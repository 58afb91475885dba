import { type ConsumerGroupHeartbeatRequest, ErrorCode, KafkaError } from '@millrace/protocol'
import type { Step } from '../step.ts'
import { checkMemberEpoch } from './check-heartbeat.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, newConsumerMember, STATIC_AWAY_EPOCH } from './consumer-member.ts'
import { forgetMember } from './fence.ts'
import { currentAssignmentValue, memberMetadataValue } from './member-records.ts'
import { fromWire, toWire } from './topic-partitions.ts'

/** Where the sender of a request stands in the group: known, new, or in the place of a static member. */
export type MemberPlace =
  | { readonly kind: 'known'; readonly member: ConsumerMember }
  | { readonly kind: 'new'; readonly memberId: string }
  | { readonly kind: 'successor'; readonly old: ConsumerMember; readonly memberId: string }

type Sender = Pick<
  ConsumerGroupHeartbeatRequest,
  'memberId' | 'memberEpoch' | 'instanceId' | 'topicPartitions'
>

/** Throws what the sender has to be told when it is not who it says it is. Changes nothing. */
export function findMember({ group }: { readonly group: ConsumerGroup }, sender: Sender): MemberPlace {
  const isJoining = sender.memberEpoch === 0
  const place =
    sender.instanceId === null
      ? findDynamic(group, sender.memberId, isJoining)
      : findStatic(group, sender.memberId, { instanceId: sender.instanceId, isJoining })
  if (place.kind === 'known') {
    const owned = sender.topicPartitions === null ? null : fromWire(sender.topicPartitions)
    checkMemberEpoch(place.member, sender.memberEpoch, owned)
  }
  return place
}

function findDynamic(group: ConsumerGroup, memberId: string, isJoining: boolean): MemberPlace {
  const member = group.members.get(memberId)
  if (member !== undefined) return { kind: 'known', member }
  if (isJoining) return { kind: 'new', memberId }
  throw new KafkaError(
    ErrorCode.UNKNOWN_MEMBER_ID,
    `Member ${memberId} is not a member of group ${group.groupId}.`,
  )
}

function findStatic(
  group: ConsumerGroup,
  memberId: string,
  { instanceId, isJoining }: { instanceId: string; isJoining: boolean },
): MemberPlace {
  const holder = group.staticMember(instanceId)
  if (holder === undefined) {
    if (isJoining) return { kind: 'new', memberId }
    throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  }
  if (holder.memberId === memberId && holder.memberEpoch !== STATIC_AWAY_EPOCH)
    return { kind: 'known', member: holder }
  if (!isJoining) {
    throw new KafkaError(
      ErrorCode.FENCED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} was fenced by member ${holder.memberId}.`,
    )
  }
  // A member of the classic protocol cannot say that it is going to be away.
  if (holder.classic === null && holder.memberEpoch !== STATIC_AWAY_EPOCH) {
    throw new KafkaError(
      ErrorCode.UNRELEASED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${holder.memberId} member.`,
    )
  }
  return { kind: 'successor', old: holder, memberId }
}

/** The member as it was before this request; a successor takes over what its former self had. */
export function takePlace(step: Step, group: ConsumerGroup, place: MemberPlace): ConsumerMember {
  switch (place.kind) {
    case 'known':
      return place.member
    case 'new':
      return newConsumerMember(place.memberId)
    case 'successor':
      return succeed(step, group, place)
  }
}

function succeed(
  step: Step,
  group: ConsumerGroup,
  { memberId, old }: Extract<MemberPlace, { kind: 'successor' }>,
): ConsumerMember {
  const { groupId } = group
  const topicPartitions = toWire(group.targetOf(old.memberId))
  const successor = { ...old, memberId, memberEpoch: 0, previousMemberEpoch: 0 }
  forgetMember(step, group, old)
  step.persist({ kind: 'consumer-member-metadata', groupId, memberId, value: memberMetadataValue(successor) })
  step.persist({ kind: 'consumer-target-member', groupId, memberId, value: { topicPartitions } })
  step.persist({
    kind: 'consumer-current-assignment',
    groupId,
    memberId,
    value: currentAssignmentValue(successor),
  })
  return successor
}
