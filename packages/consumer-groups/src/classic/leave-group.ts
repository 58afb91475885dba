import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent, LeavingMember } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember } from './classic-member.ts'
import { joinError, prepareRebalanceOrCompleteJoin, refuseSync } from './rebalance.ts'
import { memberError } from './validate-member.ts'

type LeaveEvent = Extract<GroupEvent, { kind: 'leave-group' }>

/** Members go, of their own accord or because an administrator names their instance ids. Each has its own result. */
export function leaveClassicGroup(step: Step, group: ClassicGroup, { members, token }: LeaveEvent): void {
  const results = members.map(({ groupInstanceId, memberId }) => ({
    memberId,
    groupInstanceId,
    errorCode: leaveOne(step, group, { groupInstanceId, memberId }),
  }))
  const hasLeft = results.some(({ errorCode }) => errorCode === ErrorCode.NONE)
  if (hasLeft && group.state !== 'Empty') prepareRebalanceOrCompleteJoin(step, group)
  step.reply(token, { errorCode: ErrorCode.NONE, members: results })
}

function leaveOne(step: Step, group: ClassicGroup, leaving: LeavingMember): number {
  const pendingTimer = group.pendingMembers.get(leaving.memberId)
  if (pendingTimer !== undefined) {
    group.remove(leaving.memberId)
    step.cancelTimer(pendingTimer)
    return ErrorCode.NONE
  }
  const memberId = leaving.memberId === '' ? idOfInstance(group, leaving) : leaving.memberId
  const errorCode = memberError(group, { ...leaving, memberId })
  const member = group.members.get(memberId)
  if (errorCode === ErrorCode.NONE && member !== undefined) removeMember(step, group, member)
  return errorCode
}

/** An administrator knows the instance, not the id that its present member was given. */
function idOfInstance(group: ClassicGroup, { groupInstanceId }: LeavingMember): string {
  return groupInstanceId === null ? '' : (group.staticMemberId(groupInstanceId) ?? '')
}

/** Takes a member out and answers what it waits for: it may be alive and want back in. */
export function removeMember(step: Step, group: ClassicGroup, member: ClassicMember): void {
  step.cancelTimer(member.sessionTimer)
  const joinToken = group.awaitJoin(member, null)
  if (joinToken !== null) step.reply(joinToken, joinError(ErrorCode.UNKNOWN_MEMBER_ID))
  if (member.awaitingSync !== null) refuseSync(step, member.awaitingSync, ErrorCode.UNKNOWN_MEMBER_ID)
  member.awaitingSync = null
  group.remove(member.memberId)
}
