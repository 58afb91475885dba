import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent, OffsetFetchGroup } from '../group-event.ts'
import type { CommitCheck } from '../offsets/offset-commit.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'

type CommitEvent = Extract<GroupEvent, { kind: 'offset-commit' }>

/** From this version on an OffsetCommit carries a member epoch where it carried a generation. */
const FIRST_VERSION_WITH_MEMBER_EPOCH = 9

/**
 * Who may commit what in a KIP-848 group: its members, under their epoch. A member that has not heard of a newer
 * epoch yet may still commit for what it has owned since its own (KIP-1251).
 */
export function consumerCommitCheck(group: ConsumerGroup, { origin, request }: CommitEvent): CommitCheck {
  const { generationIdOrMemberEpoch: epoch, memberId } = request
  if (epoch < 0 && group.members.size === 0) return () => ErrorCode.NONE
  const member = group.members.get(memberId)
  if (member === undefined) return () => ErrorCode.UNKNOWN_MEMBER_ID
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
