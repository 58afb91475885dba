import { ErrorCode } from '@millrace/protocol'
import type { LeavingMember } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'

/**
 * Whether the sender is who it says it is: NONE, UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another member
 * has taken over its instance id (trap 17).
 */
export function memberError(group: ClassicGroup, { memberId, groupInstanceId }: LeavingMember): number {
  if (groupInstanceId !== null) {
    const holder = group.staticMemberId(groupInstanceId)
    if (holder === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    if (holder !== memberId) return ErrorCode.FENCED_INSTANCE_ID
  }
  return group.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
}

/**
 * For whoever asks later why that member reads nothing any more. By whichever request it finds out: most clients end with
 * the first that says so, and send no other.
 */
export function noteIfFenced(
  step: Step,
  group: ClassicGroup,
  { groupInstanceId, memberId }: LeavingMember,
  errorCode: number,
): void {
  if (errorCode !== ErrorCode.FENCED_INSTANCE_ID || groupInstanceId === null) return
  const holderMemberId = group.staticMemberId(groupInstanceId) ?? ''
  group.refusals.note(groupInstanceId, { refusedMemberId: memberId, holderMemberId, timestampMs: step.nowMs })
}
