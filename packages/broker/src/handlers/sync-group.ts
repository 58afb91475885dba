import { ErrorCode, type SyncGroupRequest, type SyncGroupResponseInput } from '@millrace/protocol'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import type { Handler } from './handler.ts'

/** A member asks for its assignment; the leader brings everybody's. Held back until the leader has. */
export const handleSyncGroup: Handler<SyncGroupRequest, SyncGroupResponseInput> = (
  services,
  context,
  request,
) => {
  requireText(request.groupId)
  return isCoordinator(services, context, request.groupId)
    ? services.groups.syncGroup(requestOrigin(context), request)
    : refusals.syncGroup(ErrorCode.NOT_COORDINATOR)
}
