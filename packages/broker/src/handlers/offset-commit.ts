import { ErrorCode, type OffsetCommitRequest, type OffsetCommitResponseInput } from '@millrace/protocol'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import { Applied, type Handler } from './handler.ts'

/**
 * A group's offsets are recorded; answered when they are on stable storage. The commit has taken effect when this
 * returns, so the connection's next request need not wait for the disk.
 */
export const handleOffsetCommit: Handler<OffsetCommitRequest, OffsetCommitResponseInput> = (
  services,
  context,
  request,
) => {
  requireText(request.groupId, ...request.topics.map(({ name }) => name))
  return isCoordinator(services, context, request.groupId)
    ? new Applied(services.groups.offsetCommit(requestOrigin(context), request))
    : refusals.offsetCommit(request)(ErrorCode.NOT_COORDINATOR)
}
