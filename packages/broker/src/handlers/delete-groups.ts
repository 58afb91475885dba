import { type DeleteGroupsRequest, type DeleteGroupsResponseInput, ErrorCode } from '@millrace/protocol'
import { isCoordinator, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import type { Handler } from './handler.ts'

/** Removes groups that have no members, with everything they committed. */
export const handleDeleteGroups: Handler<DeleteGroupsRequest, DeleteGroupsResponseInput> = async (
  services,
  context,
  request,
) => {
  requireText(...request.groupsNames)
  const groupIds = [...new Set(request.groupsNames)]
  const owned = groupIds.filter((groupId) => isCoordinator(services, context, groupId))
  const deleted = await services.groups.deleteGroups(owned)
  const byId = new Map(deleted.map((group) => [group.groupId, group]))
  return {
    results: groupIds.map(
      (groupId) => byId.get(groupId) ?? refusals.deletedGroup(groupId, ErrorCode.NOT_COORDINATOR),
    ),
  }
}
