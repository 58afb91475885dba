import { ErrorCode } from '@millrace/protocol'
import type { LeavingMember } from '../group-event.ts'
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
