import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponseInput,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, STATIC_AWAY_EPOCH } from './consumer-member.ts'
import { fenceMembers } from './downgrade.ts'
import { currentAssignmentValue } from './member-records.ts'
import { NOTHING_ASSIGNED } from './topic-partitions.ts'

/** A member goes for good (epoch -1), or a static one for a while (-2): then its partitions wait for it. */
export function leaveConsumerGroup(
  step: Step,
  table: GroupTable,
  request: ConsumerGroupHeartbeatRequest,
): ConsumerGroupHeartbeatResponseInput {
  const group = table.get(request.groupId)
  if (group?.kind !== 'consumer') {
    throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${request.groupId} is not a consumer group.`)
  }
  const member = findLeaving(group, request)
  if (request.memberEpoch === STATIC_AWAY_EPOCH) goAway(step, group, member)
  else fenceMembers(step, table, group, [member])
  return {
    errorCode: ErrorCode.NONE,
    memberId: request.memberId,
    memberEpoch: request.memberEpoch,
    heartbeatIntervalMs: 0,
  }
}

function findLeaving(
  group: ConsumerGroup,
  { instanceId, memberId }: ConsumerGroupHeartbeatRequest,
): ConsumerMember {
  const member = instanceId === null ? group.members.get(memberId) : group.staticMember(instanceId)
  if (member === undefined) {
    throw new KafkaError(
      ErrorCode.UNKNOWN_MEMBER_ID,
      `Member ${memberId} is not a member of group ${group.groupId}.`,
    )
  }
  if (member.memberId !== memberId) {
    throw new KafkaError(
      ErrorCode.FENCED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.memberId}.`,
    )
  }
  return member
}

/** Its session goes on: if it is not back by then, it is out like any other. */
function goAway(step: Step, group: ConsumerGroup, member: ConsumerMember): void {
  const { groupId } = group
  const { memberId } = member
  step.cancelTimer(group.timersOf(memberId).rebalance)
  const away: ConsumerMember = {
    ...member,
    memberEpoch: STATIC_AWAY_EPOCH,
    // It let go of everything when it went, so nobody waits for it to confirm anything.
    state: 'stable',
    pendingRevocation: NOTHING_ASSIGNED,
  }
  const value = currentAssignmentValue(away)
  step.persist({ kind: 'consumer-current-assignment', groupId, memberId, value })
}
