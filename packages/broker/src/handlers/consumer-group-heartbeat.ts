import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponseInput,
  ErrorCode,
} from '@millrace/protocol'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import { Applied, type Handler } from './handler.ts'

/** The one request of a KIP-848 member: it joins, says that it is alive and what it owns, or leaves. */
export const handleConsumerGroupHeartbeat: Handler<
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponseInput
> = (services, context, request) => {
  const {
    groupId,
    instanceId,
    memberId,
    rackId,
    serverAssignor,
    subscribedTopicNames,
    subscribedTopicRegex,
  } = request
  requireText(groupId, memberId, instanceId, rackId, serverAssignor, subscribedTopicRegex)
  requireText(...(subscribedTopicNames ?? []))
  return isCoordinator(services, context, groupId)
    ? new Applied(services.groups.consumerGroupHeartbeat(requestOrigin(context), request))
    : refusals.consumerGroupHeartbeat(ErrorCode.NOT_COORDINATOR)
}
