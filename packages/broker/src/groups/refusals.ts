/**
 * How each group API says that a group cannot be answered now: its shard is loading, was dropped after a failed
 * append, or the request names no group.
 */
import type {
  DeletedGroup,
  DescribedGroup,
  OffsetFetchGroup,
  OffsetFetchGroupResponse,
} from '@millrace/consumer-groups'
import {
  type ConsumerGroupHeartbeatResponseInput,
  ErrorCode,
  type HeartbeatResponseInput,
  type JoinGroupRequest,
  type JoinGroupResponseInput,
  type LeaveGroupResponseInput,
  type OffsetCommitRequest,
  type OffsetCommitResponseInput,
  type SyncGroupResponseInput,
} from '@millrace/protocol'

/** The client keeps the member id it came with. */
export function joinGroup({ memberId }: JoinGroupRequest): (errorCode: number) => JoinGroupResponseInput {
  return (errorCode) => ({
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    memberId,
    members: [],
  })
}

export function syncGroup(errorCode: number): SyncGroupResponseInput {
  return { errorCode, protocolType: null, protocolName: null, assignment: Buffer.alloc(0) }
}

/** While groups load a heartbeat is believed: the member would only look for another coordinator, and there is none. */
export function heartbeat(errorCode: number): HeartbeatResponseInput {
  return { errorCode: errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode }
}

export function consumerGroupHeartbeat(errorCode: number): ConsumerGroupHeartbeatResponseInput {
  return { errorCode, memberEpoch: 0, heartbeatIntervalMs: 0 }
}

export function leaveGroup(errorCode: number): LeaveGroupResponseInput {
  return { errorCode, members: [] }
}

export function offsetCommit({
  topics,
}: OffsetCommitRequest): (errorCode: number) => OffsetCommitResponseInput {
  return (errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  })
}

/** The error stands at the group, and the handler puts it where the request's version has a place for it. */
export function offsetFetch({ groupId }: OffsetFetchGroup): (errorCode: number) => OffsetFetchGroupResponse {
  return (errorCode) => ({ groupId, topics: [], errorCode })
}

export function describedGroup(groupId: string, errorCode: number): DescribedGroup {
  return { errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
}

export function deletedGroup(groupId: string, errorCode: number): DeletedGroup {
  return { groupId, errorCode }
}
