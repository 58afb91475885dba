import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent } from '../group-event.ts'
import { groupMetadataBytes } from '../records/group-metadata-record.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember } from './classic-member.ts'
import { prepareRebalance, refuseSync, refuseSyncs } from './rebalance.ts'
import { memberError, noteIfFenced } from './validate-member.ts'

type SyncEvent = Extract<GroupEvent, { kind: 'sync-group' }>

/** A member asks for its assignment; the leader brings everybody's. */
export function syncClassicGroup(step: Step, group: ClassicGroup, event: SyncEvent): void {
  const { request, token } = event
  const member = group.members.get(request.memberId)
  const errorCode = syncError(group, event)
  if (errorCode !== ErrorCode.NONE || member === undefined) {
    noteIfFenced(step, group, request, errorCode)
    refuseSync(step, token, errorCode)
    return
  }
  group.pendingSync.delete(member.memberId)
  if (group.pendingSync.size === 0) step.cancelTimer(group.syncTimer)
  if (group.state === 'Stable') {
    replyAssignment(step, group, member, token)
    return
  }
  // Whoever still waits on the request before this one is not the client that sent this one.
  if (member.awaitingSync !== null) refuseSync(step, member.awaitingSync, ErrorCode.REBALANCE_IN_PROGRESS)
  member.awaitingSync = token
  if (group.isLeader(member.memberId)) takeAssignment(step, group, event)
}

function syncError(group: ClassicGroup, { request }: SyncEvent): number {
  const { generationId, protocolName, protocolType } = request
  if (group.state === 'Empty' || group.state === 'Dead') return ErrorCode.UNKNOWN_MEMBER_ID
  const errorCode = memberError(group, request)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
  if (protocolType !== null && protocolType !== group.protocolType)
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  if (protocolName !== null && protocolName !== group.protocolName)
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
}

/** Members that the leader left out get nothing; ids that are not members are ignored. */
function takeAssignment(step: Step, group: ClassicGroup, { request }: SyncEvent): void {
  const assignments = new Map<string, Buffer>()
  for (const memberId of group.members.keys()) assignments.set(memberId, Buffer.alloc(0))
  for (const { memberId, assignment } of request.assignments) {
    if (assignments.has(memberId)) assignments.set(memberId, Buffer.from(assignment))
  }
  const value = group.toMetadata(assignments, step.nowMs)
  if (groupMetadataBytes(value) > step.config.maxPersistedBytes) {
    // Kafka's answer as well, when the append turns out to be too large.
    refuseSyncs(step, group, ErrorCode.UNKNOWN_SERVER_ERROR)
    prepareRebalance(step, group)
    return
  }
  step.persist({ kind: 'group-metadata', groupId: group.groupId, value })
  for (const member of group.members.values()) {
    if (member.awaitingSync === null) continue
    replyAssignment(step, group, member, member.awaitingSync)
    member.awaitingSync = null
    // While it waited it could not send heartbeats, and its session was not watched.
    step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
  }
}

function replyAssignment(
  step: Step,
  group: ClassicGroup,
  member: ClassicMember,
  token: SyncEvent['token'],
): void {
  step.reply(token, {
    errorCode: ErrorCode.NONE,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    assignment: member.assignment,
  })
}
