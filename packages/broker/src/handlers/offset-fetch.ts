import type { OffsetFetchGroup, OffsetFetchGroupResponse } from '@millrace/consumer-groups'
import { ErrorCode, type OffsetFetchRequest, type OffsetFetchResponseInput } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { isCoordinator, requestOrigin, requireText } from '../groups/group-request.ts'
import * as refusals from '../groups/refusals.ts'
import type { Handler, RequestContext } from './handler.ts'

const FIRST_VERSION_WITH_TOP_LEVEL_ERROR = 2
const FIRST_VERSION_WITH_GROUPS = 8

/** What groups have committed. One group at the top level until version 7, a list of them from 8. */
export const handleOffsetFetch: Handler<OffsetFetchRequest, OffsetFetchResponseInput> = async (
  services,
  context,
  request,
) => {
  const fetch = (group: OffsetFetchGroup): Promise<OffsetFetchGroupResponse> =>
    fetchGroup(services, context, { group, requireStable: request.requireStable })
  if (context.apiVersion >= FIRST_VERSION_WITH_GROUPS) {
    return { groups: await Promise.all(request.groups.map(fetch)) }
  }
  const { groupId, topics } = request
  return singleGroupResponse(
    context,
    request,
    await fetch({ groupId, topics, memberId: null, memberEpoch: -1 }),
  )
}

function fetchGroup(
  services: BrokerServices,
  context: RequestContext,
  { group, requireStable }: { group: OffsetFetchGroup; requireStable: boolean },
): Promise<OffsetFetchGroupResponse> {
  requireText(group.groupId, ...(group.topics ?? []).map(({ name }) => name))
  if (!isCoordinator(services, context, group.groupId)) {
    return Promise.resolve(refusals.offsetFetch(group)(ErrorCode.NOT_COORDINATOR))
  }
  return services.groups.offsetFetch(requestOrigin(context), group, requireStable)
}

/** Version 1 has no place for an error of the whole group: there it stands at every partition asked for. */
function singleGroupResponse(
  { apiVersion }: RequestContext,
  request: OffsetFetchRequest,
  { errorCode = ErrorCode.NONE, topics }: OffsetFetchGroupResponse,
): OffsetFetchResponseInput {
  if (errorCode === ErrorCode.NONE || apiVersion >= FIRST_VERSION_WITH_TOP_LEVEL_ERROR) {
    return { errorCode, topics: topics.map(({ name, partitions }) => ({ name: name ?? '', partitions })) }
  }
  const failed = (partitionIndex: number) => ({
    partitionIndex,
    committedOffset: -1,
    metadata: '',
    errorCode,
  })
  return {
    topics: (request.topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(failed),
    })),
  }
}
