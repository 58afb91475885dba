import { ErrorCode, KafkaError } from '@millrace/protocol'
import { refuseSync } from '../classic/rebalance.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../classic/subscribed-topics.ts'
import type { GroupEvent, LeavingMember } from '../group-event.ts'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ClassicTraits, ConsumerMember } from './consumer-member.ts'
import { encodeAssignment, fenceMembers } from './downgrade.ts'

type EventOf<Kind extends GroupEvent['kind']> = Extract<GroupEvent, { kind: Kind }>
type ClassicSpeaker = ConsumerMember & { readonly classic: ClassicTraits }

/** A member of the classic protocol asks for its partitions: what it owns, as the broker assigned it. */
export function syncAsClassic(
  step: Step,
  group: ConsumerGroup,
  { request, token }: EventOf<'sync-group'>,
): void {
  try {
    const member = findSpeaker(step, group, request)
    const protocol = member.classic.protocols[0]
    const isTypeWrong = request.protocolType !== null && request.protocolType !== CONSUMER_PROTOCOL_TYPE
    const isNameWrong = request.protocolName !== null && request.protocolName !== protocol?.name
    if (isTypeWrong || isNameWrong) throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if (group.groupEpoch > member.memberEpoch && member.state !== 'unrevoked') {
      awaitRejoin(step, group, member)
      throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)
    }
    const timers = group.timersOf(member.memberId)
    step.cancelTimer(timers.sync)
    step.armTimer(timers.session, member.classic.sessionTimeoutMs)
    step.reply(token, {
      errorCode: ErrorCode.NONE,
      protocolType: request.protocolType,
      protocolName: request.protocolName,
      assignment: encodeAssignment(step.topics, member.assigned, protocol?.metadata ?? Buffer.alloc(0)),
    })
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    refuseSync(step, token, error.code)
  }
}

/**
 * A member of the classic protocol is alive. It has to join again when there is a new epoch, when it has partitions to
 * let go of, or when those that it waits for have become free.
 */
export function heartbeatAsClassic(
  step: Step,
  group: ConsumerGroup,
  { request, token }: EventOf<'heartbeat'>,
): void {
  try {
    const member = findSpeaker(step, group, request)
    step.armTimer(group.timersOf(member.memberId).session, member.classic.sessionTimeoutMs)
    const hasMore = member.state === 'unreleased' && !waitsForOthers(group, member)
    const mustRejoin = member.memberEpoch < group.groupEpoch || member.state === 'unrevoked' || hasMore
    if (mustRejoin) awaitRejoin(step, group, member)
    step.reply(token, { errorCode: mustRejoin ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE })
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    step.reply(token, { errorCode: error.code })
  }
}

/** Members of either protocol go: of their own accord, or because an administrator names them. */
export function leaveAsClassic(
  step: Step,
  table: GroupTable,
  group: ConsumerGroup,
  { members, token }: EventOf<'leave-group'>,
): void {
  const leaving = new Set<ConsumerMember>()
  const results = members.map(({ groupInstanceId, memberId }) => {
    const found = findLeaving(group, { groupInstanceId, memberId })
    if (typeof found !== 'number') leaving.add(found)
    return { memberId, groupInstanceId, errorCode: typeof found === 'number' ? found : ErrorCode.NONE }
  })
  if (leaving.size > 0) fenceMembers(step, table, group, [...leaving])
  step.reply(token, { errorCode: ErrorCode.NONE, members: results })
}

function findSpeaker(
  step: Step,
  group: ConsumerGroup,
  sender: {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly generationId: number
  },
): ClassicSpeaker {
  const { generationId, groupInstanceId, memberId } = sender
  const member = groupInstanceId === null ? group.members.get(memberId) : group.staticMember(groupInstanceId)
  if (member === undefined) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
  if (member.memberId !== memberId) {
    const [refusedMemberId, holderMemberId] = [memberId, member.memberId]
    group.refusals.note(groupInstanceId ?? '', { refusedMemberId, holderMemberId, timestampMs: step.nowMs })
    throw new KafkaError(ErrorCode.FENCED_INSTANCE_ID)
  }
  const { classic, memberEpoch } = member
  if (classic === null) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
  if (generationId !== memberEpoch) throw new KafkaError(ErrorCode.ILLEGAL_GENERATION)
  return { ...member, classic }
}

function findLeaving(
  group: ConsumerGroup,
  { groupInstanceId, memberId }: LeavingMember,
): ConsumerMember | number {
  if (groupInstanceId === null) return group.members.get(memberId) ?? ErrorCode.UNKNOWN_MEMBER_ID
  const member = group.staticMember(groupInstanceId)
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  return memberId === '' || memberId === member.memberId ? member : ErrorCode.FENCED_INSTANCE_ID
}

/** It has its rebalance timeout to join again, counted from the first time that it was told to. */
function awaitRejoin(
  step: Step,
  group: ConsumerGroup,
  { memberId, rebalanceTimeoutMs }: ConsumerMember,
): void {
  if (group.awaitedRejoins.has(memberId)) return
  group.awaitedRejoins.add(memberId)
  step.armTimer(group.timersOf(memberId).join, rebalanceTimeoutMs)
}

/** Whether some of the member's target is still owned by others. */
function waitsForOthers(group: ConsumerGroup, { assigned, memberId }: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.targetOf(memberId)) {
    for (const partition of partitions) {
      const isMine = assigned.get(topicId)?.has(partition) === true
      if (!isMine && !group.isFreeFor(memberId, topicId, partition)) return true
    }
  }
  return false
}
