import type { GroupTimer } from '../group-event.ts'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { fenceMembers } from './downgrade.ts'

/**
 * A member was silent for its session, or took longer than its rebalance timeout to let go of partitions, to join
 * again or to sync: it is out. Its timer went with it when it left before.
 */
export function consumerTimerFired(
  step: Step,
  table: GroupTable,
  group: ConsumerGroup,
  timer: GroupTimer,
): void {
  const member = group.members.get(timer.memberId)
  if (member === undefined || group.timersOf(timer.memberId)[timer.kind] !== timer) return
  if (timer.kind === 'rebalance' && member.state !== 'unrevoked') return
  fenceMembers(step, table, group, [member])
}

/** After a restart nobody knows who is still there: each member has one session to show itself. */
export function watchLoadedConsumerGroup(step: Step, group: ConsumerGroup): void {
  const { consumerSessionTimeoutMs } = step.timesOf(group.groupId)
  for (const { classic, memberId, rebalanceTimeoutMs, state } of group.members.values()) {
    const timers = group.timersOf(memberId)
    step.armTimer(timers.session, classic?.sessionTimeoutMs ?? consumerSessionTimeoutMs)
    if (classic === null && state === 'unrevoked') step.armTimer(timers.rebalance, rebalanceTimeoutMs)
  }
}
