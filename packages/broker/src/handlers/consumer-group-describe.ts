import { undescribedConsumerGroup } from '@millrace/consumer-groups'
import {
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponseInput,
  ErrorCode,
} from '@millrace/protocol'
import { isCoordinator, requireText } from '../groups/group-request.ts'
import { withGroupOperations } from './authorized-operations.ts'
import type { Handler } from './handler.ts'

/** Epochs, members and assignments of KIP-848 groups. Any other group is GROUP_ID_NOT_FOUND. */
export const handleConsumerGroupDescribe: Handler<
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponseInput
> = async (services, context, { groupIds, includeAuthorizedOperations }) => {
  requireText(...groupIds)
  const owned = groupIds.filter((groupId) => groupId !== '' && isCoordinator(services, context, groupId))
  const described = await services.groups.consumerGroupDescribe(owned)
  const byId = new Map(described.map((group) => [group.groupId, group]))
  const groups = groupIds.map(
    (groupId) => byId.get(groupId) ?? undescribedConsumerGroup(groupId, whyNot(groupId)),
  )
  return { groups: withGroupOperations(groups, includeAuthorizedOperations) }
}

function whyNot(groupId: string): number {
  return groupId === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.NOT_COORDINATOR
}
