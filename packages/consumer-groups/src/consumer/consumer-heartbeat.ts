import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponseInput,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { GroupEvent } from '../group-event.ts'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import { checkHeartbeat } from './check-heartbeat.ts'
import { type ConsumerMember, LEFT_EPOCH, STATIC_AWAY_EPOCH } from './consumer-member.ts'
import { reconcileMember, refreshGroup, updateTarget } from './epochs.ts'
import { findMember, type MemberPlace, takePlace } from './find-member.ts'
import { leaveConsumerGroup } from './leave-consumer-group.ts'
import { type MemberWords, noteWhatItSays } from './note-member.ts'
import { type OpenedGroup, openConsumerGroup } from './open-consumer-group.ts'
import { checkRegex } from './regular-expressions.ts'
import { fromWire, isSame, toWire } from './topic-partitions.ts'

type HeartbeatEvent = Extract<GroupEvent, { kind: 'consumer-heartbeat' }>

/**
 * The one request of a KIP-848 member: it joins (epoch 0), says that it is alive and what it owns, or leaves (-1, or
 * -2 for a static member that will be back). Everything that can be refused is refused before anything is persisted.
 */
export function consumerHeartbeat(step: Step, table: GroupTable, event: HeartbeatEvent): void {
  step.reply(event.token, answer(step, table, event))
}

function answer(step: Step, table: GroupTable, event: HeartbeatEvent): ConsumerGroupHeartbeatResponseInput {
  const { origin, request } = event
  try {
    checkHeartbeat(step, request, origin.apiVersion)
    const isLeaving = request.memberEpoch === LEFT_EPOCH || request.memberEpoch === STATIC_AWAY_EPOCH
    return isLeaving ? leaveConsumerGroup(step, table, request) : beat(step, table, event)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    noteRefusal(step, table, { request, errorCode: error.code })
    return { errorCode: error.code, errorMessage: error.message, memberEpoch: 0, heartbeatIntervalMs: 0 }
  }
}

/** For whoever asks why that member reads nothing. */
function noteRefusal(
  { nowMs }: Step,
  table: GroupTable,
  { errorCode, request }: { errorCode: number; request: ConsumerGroupHeartbeatRequest },
): void {
  if (errorCode !== ErrorCode.FENCED_INSTANCE_ID && errorCode !== ErrorCode.UNRELEASED_INSTANCE_ID) return
  const { groupId, instanceId, memberId } = request
  const group = table.get(groupId)
  const holder =
    group?.kind === 'consumer' && instanceId !== null ? group.staticMember(instanceId) : undefined
  if (holder === undefined || instanceId === null) return
  group?.refusals.note(instanceId, {
    refusedMemberId: memberId,
    holderMemberId: holder.memberId,
    timestampMs: nowMs,
  })
}

function beat(
  step: Step,
  table: GroupTable,
  { origin, request }: HeartbeatEvent,
): ConsumerGroupHeartbeatResponseInput {
  const isJoining = request.memberEpoch === 0
  const opened = openConsumerGroup(step, table, { groupId: request.groupId, isJoining })
  const memberId = request.memberId === '' ? step.newUuid() : request.memberId
  const place = findMember(opened, { ...request, memberId })
  checkIsNotFull(step, opened, place)
  checkRegex(step, opened.group, request.subscribedTopicRegex)

  const group = opened.open()
  const before = takePlace(step, group, place)
  const hasSubscriptionChanged = noteWhatItSays(step, group, before, saidBy(before, { origin, request }))
  refreshGroup(step, group, hasSubscriptionChanged || group.groupEpoch === 0)
  updateTarget(step, group)
  const owned = request.topicPartitions === null ? null : fromWire(request.topicPartitions)
  reconcileMember(step, group, { memberId, owned, hasSubscriptionChanged })
  step.armTimer(group.timersOf(memberId).session, step.timesOf(group.groupId).consumerSessionTimeoutMs)
  return reply(step, { request, before, after: group.members.get(memberId) ?? before })
}

function checkIsNotFull(step: Step, { group }: OpenedGroup, place: MemberPlace): void {
  if (place.kind !== 'new' || group.members.size < step.config.consumerGroupMaxSize) return
  throw new KafkaError(
    ErrorCode.GROUP_MAX_SIZE_REACHED,
    `The consumer group has reached its maximum capacity of ${step.config.consumerGroupMaxSize} members.`,
  )
}

function saidBy(
  before: ConsumerMember,
  { origin, request }: { origin: HeartbeatEvent['origin']; request: ConsumerGroupHeartbeatRequest },
): MemberWords {
  const names = request.subscribedTopicNames
  return {
    instanceId: request.instanceId ?? before.instanceId,
    rackId: request.rackId ?? before.rackId,
    clientId: origin.clientId,
    clientHost: origin.clientHost,
    subscribedTopicNames: names === null ? before.subscribedTopicNames : [...new Set(names)].sort(),
    subscribedTopicRegex: request.subscribedTopicRegex ?? before.subscribedTopicRegex,
    rebalanceTimeoutMs:
      request.rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : request.rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? before.serverAssignor,
    classic: null,
  }
}

function reply(
  step: Step,
  {
    after,
    before,
    request,
  }: { request: ConsumerGroupHeartbeatRequest; before: ConsumerMember; after: ConsumerMember },
): ConsumerGroupHeartbeatResponseInput {
  // A full request is what a member sends that joins or is not sure of what it owns any more: it is told everything.
  const isFull =
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null
  const isNews = request.memberEpoch === 0 || isFull || !isSame(before.assigned, after.assigned)
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId: after.memberId,
    memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: step.timesOf(request.groupId).consumerHeartbeatIntervalMs,
    assignment: isNews ? { topicPartitions: toWire(after.assigned) } : null,
  }
}
