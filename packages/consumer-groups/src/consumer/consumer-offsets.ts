import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent, OffsetFetchGroup } from '../group-event.ts'
import type { CommitCheck } from '../offsets/offset-commit.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'

type CommitEvent = Extract<GroupEvent, { kind: 'offset-commit' }>

/** From this version on an OffsetCommit carries a member epoch where it carried a generation. */
const FIRST_VERSION_WITH_MEMBER_EPOCH = 9

/**
 * Who may commit what in a KIP-848 group: its members, under their epoch. A member that has not heard of a newer
 * epoch yet may still commit for what it has owned since its own (KIP-1251).
 */
export function consumerCommitCheck(
  step: Step,
  group: ConsumerGroup,
  { origin, request }: CommitEvent,
): CommitCheck {
  const { generationIdOrMemberEpoch: epoch, memberId } = request
  if (epoch < 0 && group.members.size === 0) return () => ErrorCode.NONE
  const member = group.members.get(memberId)
  if (member === undefined) {
    const errorCode = strangerError(step, group, request)
    return () => errorCode
  }
  if (member.classic === null && origin.apiVersion < FIRST_VERSION_WITH_MEMBER_EPOCH) {
    return () => ErrorCode.UNSUPPORTED_VERSION
  }
  if (epoch === member.memberEpoch) return () => ErrorCode.NONE
  const stale = staleError(member)
  if (epoch > member.memberEpoch) return () => stale
  return (topicId, partition) => {
    const since =
      member.assigned.get(topicId)?.get(partition) ?? member.pendingRevocation.get(topicId)?.get(partition)
    return since !== undefined && since <= epoch ? ErrorCode.NONE : stale
  }
}

/**
 * Kafka tells every stranger UNKNOWN_MEMBER_ID. A client of the classic protocol joins anew on that, and if another has its
 * instance id by now it throws that one out, which does the same in its turn, for ever: here it is fenced, as it is in a
 * classic group.
 */
function strangerError(
  step: Step,
  group: ConsumerGroup,
  { groupInstanceId, memberId }: CommitEvent['request'],
): number {
  const holder = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId)
  if (groupInstanceId === null || holder === undefined || holder.classic === null)
    return ErrorCode.UNKNOWN_MEMBER_ID
  const refusal = { refusedMemberId: memberId, holderMemberId: holder.memberId, timestampMs: step.nowMs }
  group.refusals.note(groupInstanceId, refusal)
  return ErrorCode.FENCED_INSTANCE_ID
}

/** A member that says who it is must be one, and up to date; whoever does not say is an administrator, or an old client. */
export function consumerFetchError(
  group: ConsumerGroup,
  { memberEpoch, memberId }: OffsetFetchGroup,
): number {
  if (memberId === null && memberEpoch < 0) return ErrorCode.NONE
  const member = group.members.get(memberId ?? '')
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  return memberEpoch === member.memberEpoch ? ErrorCode.NONE : staleError(member)
}

function staleError({ classic }: ConsumerMember): number {
  return classic === null ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION
}
