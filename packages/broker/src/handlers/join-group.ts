import { ErrorCode, type JoinGroupRequest, type JoinGroupResponseInput } from '@millrace/protocol'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import type { Handler } from './handler.ts'

/** Until version 6 the name of the protocol cannot be null. */
const FIRST_VERSION_WITH_NULL_PROTOCOL_NAME = 7

/** A member asks in. The answer is held back until the group's next generation begins. */
export const handleJoinGroup: Handler<JoinGroupRequest, JoinGroupResponseInput> = async (
  services,
  context,
  request,
) => {
  const { groupId, groupInstanceId, memberId, protocols, protocolType } = request
  requireText(groupId, memberId, groupInstanceId, protocolType, ...protocols.map(({ name }) => name))
  const response = isCoordinator(services, context, request.groupId)
    ? await services.groups.joinGroup(requestOrigin(context), request)
    : refusals.joinGroup(request)(ErrorCode.NOT_COORDINATOR)
  if (context.apiVersion >= FIRST_VERSION_WITH_NULL_PROTOCOL_NAME) return response
  return { ...response, protocolName: response.protocolName ?? '' }
}
