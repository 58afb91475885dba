import { ErrorCode, type HeartbeatRequest, type HeartbeatResponseInput } from '@millrace/protocol'
import { isCoordinator, requestOrigin } from '../groups/group-request.ts'
import { Applied, type Handler } from './handler.ts'

/** A member is alive, and learns whether it has to join again. */
export const handleHeartbeat: Handler<HeartbeatRequest, HeartbeatResponseInput> = (
  services,
  context,
  request,
) =>
  isCoordinator(services, context, request.groupId)
    ? new Applied(services.groups.heartbeat(requestOrigin(context), request))
    : { errorCode: ErrorCode.NOT_COORDINATOR }
