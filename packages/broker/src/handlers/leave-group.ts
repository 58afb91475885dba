import { ErrorCode, type LeaveGroupRequest, type LeaveGroupResponseInput } from '@millrace/protocol'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import type { Handler } from './handler.ts'

/** Members leave a group, or an administrator removes them by their instance ids. */
export const handleLeaveGroup: Handler<LeaveGroupRequest, LeaveGroupResponseInput> = (
  services,
  context,
  request,
) => {
  requireText(
    request.groupId,
    ...request.members.flatMap((member) => [member.memberId, member.groupInstanceId]),
  )
  return isCoordinator(services, context, request.groupId)
    ? services.groups.leaveGroup(requestOrigin(context), request)
    : refusals.leaveGroup(ErrorCode.NOT_COORDINATOR)
}
