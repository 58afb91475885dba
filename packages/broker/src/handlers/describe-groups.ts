import { type DescribeGroupsRequest, type DescribeGroupsResponseInput, ErrorCode } from '@millrace/protocol'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import { withGroupOperations } from './authorized-operations.ts'
import type { Handler } from './handler.ts'

/** States and members of classic groups. One that does not exist is Dead, from version 6 an error as well. */
export const handleDescribeGroups: Handler<DescribeGroupsRequest, DescribeGroupsResponseInput> = async (
  services,
  context,
  request,
) => {
  requireText(...request.groups)
  const owned = request.groups.filter((groupId) => isCoordinator(services, context, groupId))
  const described = await services.groups.describeGroups(requestOrigin(context), owned)
  const byId = new Map(described.map((group) => [group.groupId, group]))
  const groups = request.groups.map(
    (groupId) => byId.get(groupId) ?? refusals.describedGroup(groupId, ErrorCode.NOT_COORDINATOR),
  )
  return { groups: withGroupOperations(groups, request.includeAuthorizedOperations) }
}
