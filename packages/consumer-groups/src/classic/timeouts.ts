import type { GroupTimer } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import { removeMember } from './leave-group.ts'
import {
  completeJoinIfAllJoined,
  joinTimerFired,
  prepareRebalance,
  prepareRebalanceOrCompleteJoin,
} from './rebalance.ts'

/** A timer of the group fired. One that no longer means anything changes nothing. */
export function classicTimerFired(step: Step, group: ClassicGroup, timer: GroupTimer): void {
  switch (timer.kind) {
    case 'session':
      sessionEnded(step, group, timer)
      return
    case 'join':
      if (timer === group.joinTimer) joinTimerFired(step, group)
      return
    case 'sync':
      if (timer === group.syncTimer) syncTimerFired(step, group)
      return
    case 'rebalance':
      // Of a KIP-848 group: it was converted to this classic one while the timer ran.
      return
  }
}

function sessionEnded(step: Step, group: ClassicGroup, timer: GroupTimer): void {
  if (group.pendingMembers.get(timer.memberId) === timer) {
    group.remove(timer.memberId)
    completeJoinIfAllJoined(step, group)
    return
  }
  const member = group.members.get(timer.memberId)
  if (member === undefined || member.sessionTimer !== timer) return
  // A member whose request is parked cannot send heartbeats, so its session is not watched until it is answered.
  // A new one has no session yet: its timer is the limit of its first wait.
  const isParked = member.awaitingJoin !== null || member.awaitingSync !== null
  if (isParked && !member.isNew) return
  removeMember(step, group, member)
  prepareRebalanceOrCompleteJoin(step, group)
}

/** Members that never asked for their assignment are gone, or stuck: the others go on without them (KAFKA-9752). */
function syncTimerFired(step: Step, group: ClassicGroup): void {
  if (group.pendingSync.size === 0) return
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  for (const memberId of [...group.pendingSync]) {
    const member = group.members.get(memberId)
    if (member !== undefined) removeMember(step, group, member)
  }
  prepareRebalance(step, group)
}

/**
 * After a restart nobody knows who is still there: each member has one session to show itself. A group with members and no
 * leader was downgraded, and its rebalance is still to come (`consumer/downgrade.ts`).
 */
export function watchLoadedGroup(step: Step, group: ClassicGroup): void {
  for (const member of group.members.values()) step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
  const isUnassigned = group.members.size > 0 && group.leaderId === null
  if (isUnassigned || group.members.size > step.config.groupMaxSize) prepareRebalance(step, group)
}
