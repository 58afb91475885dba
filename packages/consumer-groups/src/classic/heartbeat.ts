import { ErrorCode } from '@millrace/protocol'
import type { GroupEvent } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import { memberError, noteIfFenced } from './validate-member.ts'

type HeartbeatEvent = Extract<GroupEvent, { kind: 'heartbeat' }>

/** A member is alive. It is told so, and whether it has to join again. */
export function heartbeatInClassicGroup(
  step: Step,
  group: ClassicGroup,
  { request, token }: HeartbeatEvent,
): void {
  const errorCode = heartbeatError(group, request)
  const member = group.members.get(request.memberId)
  if (member !== undefined && isAlive(errorCode)) step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
  noteIfFenced(step, group, request, errorCode)
  step.reply(token, { errorCode })
}

function heartbeatError(group: ClassicGroup, request: HeartbeatEvent['request']): number {
  const errorCode = memberError(group, request)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
  // In CompletingRebalance a member may send heartbeats while it makes its assignment: all is well with it.
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
}

function isAlive(errorCode: number): boolean {
  return errorCode === ErrorCode.NONE || errorCode === ErrorCode.REBALANCE_IN_PROGRESS
}
