import { ErrorCode, type JoinGroupResponseInput } from '@millrace/protocol'
import type { RequestToken } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, metadataFor } from './classic-member.ts'

type JoinedMembers = JoinGroupResponseInput['members']

const NO_BYTES = Buffer.alloc(0)

/** Starts a rebalance where one may start, and otherwise looks whether the one that runs is complete. */
export function prepareRebalanceOrCompleteJoin(step: Step, group: ClassicGroup): void {
  if (group.canRebalance) prepareRebalance(step, group)
  else completeJoinIfAllJoined(step, group)
}

/** Everybody has to join again. The first rebalance of an empty group waits for company (trap 16). */
export function prepareRebalance(step: Step, group: ClassicGroup): void {
  if (group.state === 'CompletingRebalance') refuseSyncs(step, group, ErrorCode.REBALANCE_IN_PROGRESS)
  group.pendingSync.clear()
  step.cancelTimer(group.syncTimer)
  const isInitial = group.state === 'Empty'
  group.moveTo('PreparingRebalance', step.nowMs)
  if (isInitial) {
    const delayMs = step.config.groupInitialRebalanceDelayMs
    group.initialDelay = { delayMs, remainingMs: Math.max(group.rebalanceTimeoutMs - delayMs, 0) }
    group.hasNewMember = false
    step.armTimer(group.joinTimer, delayMs)
  } else if (group.hasAllMembersJoined) {
    completeJoin(step, group)
  } else {
    step.armTimer(group.joinTimer, group.rebalanceTimeoutMs)
  }
}

/** The first rebalance of a group is never completed early: only its delay ends it. */
export function completeJoinIfAllJoined(step: Step, group: ClassicGroup): void {
  if (group.state !== 'PreparingRebalance' || group.initialDelay !== null) return
  if (group.hasAllMembersJoined) completeJoin(step, group)
}

/** The initial delay is over, or the members' time to join is. */
export function joinTimerFired(step: Step, group: ClassicGroup): void {
  if (group.state !== 'PreparingRebalance') return
  const { initialDelay } = group
  if (initialDelay !== null && group.hasNewMember && initialDelay.remainingMs > 0) {
    const delayMs = Math.min(step.config.groupInitialRebalanceDelayMs, initialDelay.remainingMs)
    group.initialDelay = {
      delayMs,
      remainingMs: Math.max(initialDelay.remainingMs - initialDelay.delayMs, 0),
    }
    group.hasNewMember = false
    step.armTimer(group.joinTimer, delayMs)
    return
  }
  completeJoin(step, group)
}

/**
 * The next generation begins with those who joined. Static members may be late: they keep their place until
 * their session ends.
 */
function completeJoin(step: Step, group: ClassicGroup): void {
  step.cancelTimer(group.joinTimer)
  removeLateMembers(step, group)
  if (group.members.size > 0 && !hasJoinedLeader(group)) {
    // Nobody came back, and only static members are left. Sessions that end will change that.
    step.armTimer(group.joinTimer, group.rebalanceTimeoutMs)
    return
  }
  group.initialDelay = null
  group.pendingSync.clear()
  group.generationId = nextGeneration(group.generationId)
  if (group.members.size === 0) becomeEmpty(step, group)
  else beginGeneration(step, group)
}

function removeLateMembers(step: Step, group: ClassicGroup): void {
  for (const member of [...group.members.values()]) {
    if (member.awaitingJoin !== null || member.groupInstanceId !== null) continue
    group.remove(member.memberId)
    step.cancelTimer(member.sessionTimer)
  }
}

/** The leader stays if it came back; otherwise the first who did takes over. False when nobody did. */
function hasJoinedLeader(group: ClassicGroup): boolean {
  const leader = group.leaderId === null ? undefined : group.members.get(group.leaderId)
  if (leader !== undefined && leader.awaitingJoin !== null) return true
  for (const member of group.members.values()) {
    if (member.awaitingJoin === null) continue
    group.leaderId = member.memberId
    return true
  }
  return false
}

/** That the group is empty is durable: its offsets expire from this moment on. */
function becomeEmpty(step: Step, group: ClassicGroup): void {
  group.protocolName = null
  step.persist({
    kind: 'group-metadata',
    groupId: group.groupId,
    value: group.toMetadata(new Map(), step.nowMs),
  })
}

/** Nothing is persisted yet: a restart before the leader's assignment goes back to the generation before. */
function beginGeneration(step: Step, group: ClassicGroup): void {
  group.protocolName = group.electProtocol()
  group.refreshSubscribedTopics()
  group.moveTo('CompletingRebalance', step.nowMs)
  for (const member of group.members.values()) {
    const token = group.awaitJoin(member, null)
    if (token !== null) step.reply(token, joinedReply(group, member))
    member.isNew = false
    group.pendingSync.add(member.memberId)
    step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
  }
  step.armTimer(group.syncTimer, group.rebalanceTimeoutMs)
}

/** The present generation, as a member is told of it. Only the leader learns who else is there (trap 15). */
export function joinedReply(group: ClassicGroup, member: ClassicMember): JoinGroupResponseInput {
  return {
    errorCode: ErrorCode.NONE,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId: member.memberId,
    members: group.isLeader(member.memberId) ? joinedMembers(group) : [],
  }
}

/** What the leader needs to make an assignment. */
export function joinedMembers(group: ClassicGroup): JoinedMembers {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataFor(member, group.protocolName),
  }))
}

/** No generation, no protocol: only an error, and the id that the client should use or forget. */
export function joinError(errorCode: number, memberId = ''): JoinGroupResponseInput {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

/** Answers every parked SyncGroup with an error. Sessions go on from here, since parked members send no heartbeats. */
export function refuseSyncs(step: Step, group: ClassicGroup, errorCode: number): void {
  for (const member of group.members.values()) {
    if (member.awaitingSync === null) continue
    refuseSync(step, member.awaitingSync, errorCode)
    member.awaitingSync = null
    step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
  }
}

export function refuseSync(step: Step, token: RequestToken, errorCode: number): void {
  step.reply(token, { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES })
}

/** Generation ids are int32 on the wire; a group that lives long enough starts again at 0. */
function nextGeneration(generationId: number): number {
  return generationId >= 0x7fff_ffff ? 0 : generationId + 1
}
