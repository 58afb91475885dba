import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, createClassicMember } from './classic-member.ts'
import { type JoinOffer, parkJoin } from './join-offer.ts'
import { completeJoinIfAllJoined, joinError, joinedReply, prepareRebalance, refuseSync } from './rebalance.ts'

type JoinEvent = Extract<GroupEvent, { kind: 'join-group' }>

/** KIP-814: from this version on a leader can be told that it leads, but need not assign anything. */
const FIRST_VERSION_WITH_SKIP_ASSIGNMENT = 9

export interface StaticRejoin {
  readonly offer: JoinOffer
  /** Who holds the instance id now. */
  readonly old: ClassicMember
  readonly memberId: string
}

/**
 * A static member was restarted: it takes the place of its former self under a new member id, assignment
 * included, and its former self is fenced. A stable group does not rebalance for that (KIP-345, trap 17).
 */
export function rejoinStaticMember(
  step: Step,
  group: ClassicGroup,
  event: JoinEvent,
  rejoin: StaticRejoin,
): void {
  const leaderBefore = group.leaderId
  const successor = replaceMember(step, group, event, rejoin)
  parkJoin(step, group, successor, { token: event.token, offer: rejoin.offer })
  if (group.state === 'Stable' && group.electProtocol() === group.protocolName) {
    keepGeneration(step, group, successor, { leaderBefore, apiVersion: event.origin.apiVersion })
  } else if (group.canRebalance) {
    // Stable: the protocol changes. CompletingRebalance: the leader may be assigning to the id that is gone.
    prepareRebalance(step, group)
  } else {
    completeJoinIfAllJoined(step, group)
  }
}

function replaceMember(
  step: Step,
  group: ClassicGroup,
  { origin }: JoinEvent,
  { memberId, old, offer }: StaticRejoin,
): ClassicMember {
  step.cancelTimer(old.sessionTimer)
  const joinToken = group.awaitJoin(old, null)
  if (joinToken !== null) step.reply(joinToken, joinError(ErrorCode.FENCED_INSTANCE_ID, old.memberId))
  if (old.awaitingSync !== null) refuseSync(step, old.awaitingSync, ErrorCode.FENCED_INSTANCE_ID)
  if ((joinToken !== null || old.awaitingSync !== null) && old.groupInstanceId !== null) {
    const refusal = { refusedMemberId: old.memberId, holderMemberId: memberId, timestampMs: step.nowMs }
    group.refusals.note(old.groupInstanceId, refusal)
  }
  const successor = createClassicMember(group.groupId, {
    memberId,
    groupInstanceId: old.groupInstanceId,
    clientId: origin.clientId,
    clientHost: origin.clientHost,
    rebalanceTimeoutMs: offer.rebalanceTimeoutMs,
    sessionTimeoutMs: offer.sessionTimeoutMs,
    protocols: old.protocols,
  })
  successor.assignment = old.assignment
  group.replace(old, successor)
  step.armTimer(successor.sessionTimer, successor.sessionTimeoutMs)
  return successor
}

/** The generation goes on with the new id in it, and says so in the log before the member hears of it. */
function keepGeneration(
  step: Step,
  group: ClassicGroup,
  member: ClassicMember,
  { apiVersion, leaderBefore }: { apiVersion: number; leaderBefore: string | null },
): void {
  const value = group.toMetadata(new Map(), group.stateTimestampMs)
  step.persist({ kind: 'group-metadata', groupId: group.groupId, value })
  const token = group.awaitJoin(member, null)
  if (token === null) return
  if (apiVersion >= FIRST_VERSION_WITH_SKIP_ASSIGNMENT) {
    const isLeader = group.isLeader(member.memberId)
    step.reply(token, { ...joinedReply(group, member), skipAssignment: isLeader })
  } else {
    // Naming its former self as the leader keeps an older client from making an assignment that nobody hears of.
    step.reply(token, { ...joinedReply(group, member), leader: leaderBefore ?? '', members: [] })
  }
}
