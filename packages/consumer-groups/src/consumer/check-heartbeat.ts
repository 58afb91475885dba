import { type ConsumerGroupHeartbeatRequest, ErrorCode, KafkaError } from '@millrace/protocol'
import type { Step } from '../step.ts'
import { type ConsumerMember, LEFT_EPOCH, STATIC_AWAY_EPOCH } from './consumer-member.ts'
import { mustAbandonEverything } from './reconcile.ts'
import { isSubset, type TopicPartitions } from './topic-partitions.ts'

/** Throws INVALID_REQUEST or UNSUPPORTED_ASSIGNOR for a heartbeat that makes no sense, whatever the group. */
export function checkHeartbeat(step: Step, request: ConsumerGroupHeartbeatRequest, apiVersion: number): void {
  const { groupId, instanceId, memberEpoch, memberId, rackId, serverAssignor } = request
  const needsMemberId = apiVersion >= 1 || memberEpoch > 0 || memberEpoch === LEFT_EPOCH
  if (needsMemberId && memberId === '') throw invalid("MemberId can't be empty.")
  if (groupId === '') throw invalid("GroupId can't be empty.")
  if (instanceId === '') throw invalid("InstanceId can't be empty.")
  if (rackId === '') throw invalid("RackId can't be empty.")
  if (memberEpoch === 0) checkJoin(request)
  if (memberEpoch === STATIC_AWAY_EPOCH && instanceId === null) throw invalid("InstanceId can't be null.")
  if (memberEpoch < STATIC_AWAY_EPOCH) throw invalid('MemberEpoch is invalid.')
  if (serverAssignor !== null && !step.config.consumerAssignors.includes(serverAssignor)) {
    const known = step.config.consumerAssignors.join(', ')
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_ASSIGNOR,
      `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${known}.`,
    )
  }
}

function checkJoin(request: ConsumerGroupHeartbeatRequest): void {
  const { rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions } = request
  if (rebalanceTimeoutMs === -1) throw invalid('RebalanceTimeoutMs must be provided in first request.')
  if (topicPartitions === null || topicPartitions.length > 0) {
    throw invalid('TopicPartitions must be empty when (re-)joining.')
  }
  if (subscribedTopicNames === null && subscribedTopicRegex === null) {
    throw invalid('Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.')
  }
}

/**
 * Throws FENCED_MEMBER_EPOCH for a member that lost touch: it has to let go of everything and join again. One that
 * comes with the epoch before, and owns nothing that it should not, only missed an answer. Epoch 0 is always welcome.
 */
export function checkMemberEpoch(
  member: ConsumerMember,
  received: number,
  owned: TopicPartitions | null,
): void {
  if (received === 0) return
  const { memberEpoch } = member
  if (mustAbandonEverything(member, owned)) throw fenced('is in a state that this broker does not know')
  if (received > memberEpoch)
    throw fenced(`has a greater member epoch (${received}) than the one known (${memberEpoch})`)
  if (received === memberEpoch) return
  const hasMissedAnAnswer =
    received === member.previousMemberEpoch && owned !== null && isSubset(owned, member.assigned)
  if (!hasMissedAnAnswer) {
    throw fenced(`has a smaller member epoch (${received}) than the one known (${memberEpoch})`)
  }
}

function fenced(what: string): KafkaError {
  return new KafkaError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The consumer group member ${what}. The member must abandon all its partitions and rejoin.`,
  )
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message)
}
