import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, createClassicMember, offersSame } from './classic-member.ts'
import { type JoinOffer, metadataBytes, parkJoin, readOffer } from './join-offer.ts'
import { removeMember } from './leave-group.ts'
import {
  completeJoinIfAllJoined,
  joinError,
  joinedReply,
  prepareRebalanceOrCompleteJoin,
} from './rebalance.ts'
import { rejoinStaticMember } from './static-member.ts'
import { memberError, noteIfFenced } from './validate-member.ts'

type JoinEvent = Extract<GroupEvent, { kind: 'join-group' }>

/** KIP-394: from this version on a new dynamic member is given an id first and joins with it. */
const FIRST_VERSION_WITH_MEMBER_ID_REQUIRED = 4

/** A member asks in. The answer leaves when the next generation begins, or at once when nothing changes. */
export function joinClassicGroup(step: Step, group: ClassicGroup, event: JoinEvent): void {
  const { request, token } = event
  const offer = readOffer(request)
  if (metadataBytes(offer) > step.config.maxMemberMetadataBytes) {
    // Kafka lets it in and fails the whole group when its record turns out too large.
    step.reply(token, joinError(ErrorCode.MESSAGE_TOO_LARGE, request.memberId))
  } else if (!hasRoomFor(step, group, request.memberId)) {
    const member = group.members.get(request.memberId)
    if (member !== undefined) removeMember(step, group, member)
    completeJoinIfAllJoined(step, group)
    step.reply(token, joinError(ErrorCode.GROUP_MAX_SIZE_REACHED))
  } else if (!group.supportsProtocols(offer.protocolType, offer.protocols)) {
    step.reply(token, joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, request.memberId))
  } else if (request.memberId === '') {
    joinNewMember(step, group, event, offer)
  } else {
    rejoin(step, group, event, offer)
  }
}

/**
 * `group.max.size`. While members gather, those who have come back count, so that of a group that was made
 * smaller the last to return are turned away. Source: Kafka's GroupMetadataManager.acceptJoiningMember.
 */
function hasRoomFor(step: Step, group: ClassicGroup, memberId: string): boolean {
  const member = group.members.get(memberId)
  switch (group.state) {
    case 'Empty':
    case 'Dead':
      return true
    case 'PreparingRebalance':
      return (member?.awaitingJoin ?? null) !== null || group.awaitingJoinCount < step.config.groupMaxSize
    case 'CompletingRebalance':
    case 'Stable':
      return member !== undefined || group.members.size < step.config.groupMaxSize
  }
}

function joinNewMember(step: Step, group: ClassicGroup, event: JoinEvent, offer: JoinOffer): void {
  const { origin, request, token } = event
  const { groupInstanceId } = request
  const memberId = step.newMemberId(groupInstanceId ?? origin.clientId)
  if (groupInstanceId !== null) {
    const old = group.members.get(group.staticMemberId(groupInstanceId) ?? '')
    if (old === undefined) addMember(step, group, event, { offer, memberId })
    else rejoinStaticMember(step, group, event, { offer, old, memberId })
  } else if (origin.apiVersion < FIRST_VERSION_WITH_MEMBER_ID_REQUIRED) {
    addMember(step, group, event, { offer, memberId })
  } else if (group.pendingMembers.size >= step.config.maxPendingMembers) {
    step.reply(token, joinError(ErrorCode.GROUP_MAX_SIZE_REACHED))
  } else {
    const timer = { kind: 'session', groupId: group.groupId, memberId } as const
    group.pendingMembers.set(memberId, timer)
    step.armTimer(timer, offer.sessionTimeoutMs)
    step.reply(token, joinError(ErrorCode.MEMBER_ID_REQUIRED, memberId))
  }
}

function addMember(
  step: Step,
  group: ClassicGroup,
  { origin, request, token }: JoinEvent,
  { memberId, offer }: { memberId: string; offer: JoinOffer },
): void {
  const pendingTimer = group.pendingMembers.get(memberId)
  if (pendingTimer !== undefined) step.cancelTimer(pendingTimer)
  const member = createClassicMember(group.groupId, {
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: origin.clientId,
    clientHost: origin.clientHost,
    rebalanceTimeoutMs: offer.rebalanceTimeoutMs,
    sessionTimeoutMs: offer.sessionTimeoutMs,
    protocols: offer.protocols,
  })
  member.isNew = true
  member.awaitingJoin = token
  if (group.initialDelay !== null) group.hasNewMember = true
  group.add(member, offer.protocolType)
  // It has no heartbeats to send before it is answered, so its session cannot be what ends a wait that nobody
  // wants any more: a client that gave up and came back as another member would leave this one behind for ever.
  step.armTimer(member.sessionTimer, step.config.newMemberJoinTimeoutMs)
  prepareRebalanceOrCompleteJoin(step, group)
}

function rejoin(step: Step, group: ClassicGroup, event: JoinEvent, offer: JoinOffer): void {
  const { memberId, groupInstanceId } = event.request
  // An id that was given out with MEMBER_ID_REQUIRED comes back: a member like any new one.
  if (group.pendingMembers.has(memberId) && groupInstanceId === null) {
    addMember(step, group, event, { offer, memberId })
    return
  }
  const member = group.members.get(memberId)
  const errorCode = memberError(group, { memberId, groupInstanceId })
  if (errorCode !== ErrorCode.NONE || member === undefined) {
    noteIfFenced(step, group, event.request, errorCode)
    step.reply(event.token, joinError(errorCode, memberId))
  } else if (canAnswerAtOnce(group, member, offer)) {
    step.reply(event.token, joinedReply(group, member))
  } else {
    parkJoin(step, group, member, { token: event.token, offer })
    prepareRebalanceOrCompleteJoin(step, group)
  }
}

/**
 * A member that says nothing new is told the generation as it stands: its first answer may have been lost, or it
 * wants its assignment once more. But a leader that joins a stable group means to rebalance: topics have changed.
 */
function canAnswerAtOnce(group: ClassicGroup, member: ClassicMember, offer: JoinOffer): boolean {
  if (!offersSame(member, offer.protocols)) return false
  if (group.state === 'CompletingRebalance') return true
  return group.state === 'Stable' && !group.isLeader(member.memberId)
}
