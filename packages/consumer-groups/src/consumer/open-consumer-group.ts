import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { ClassicGroup } from '../classic/classic-group.ts'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { planUpgrade } from './upgrade.ts'

/**
 * The group that a request is about. `group` may be looked at and must not be changed; `open` makes it real, once
 * everything that could be refused has been looked at.
 */
export interface OpenedGroup {
  readonly group: ConsumerGroup
  open(): ConsumerGroup
}

/**
 * Throws GROUP_ID_NOT_FOUND unless there is such a group, or the sender joins and there may be one: a new one, one in
 * the place of an empty classic group, or a classic group whose members come over (KIP-848's online upgrade).
 */
export function openConsumerGroup(
  step: Step,
  table: GroupTable,
  { groupId, isJoining }: { groupId: string; isJoining: boolean },
): OpenedGroup {
  const known = table.get(groupId)
  if (known?.kind === 'consumer') return { group: known, open: () => known }
  if (!isJoining) {
    const what = known === undefined ? 'not found' : 'is not a consumer group'
    throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} ${what}.`)
  }
  if (known !== undefined && known.state !== 'Empty') return planUpgrade(step, table, known)
  return {
    group: new ConsumerGroup(groupId),
    open: () => {
      if (known !== undefined) buryEmptyClassicGroup(step, known)
      return table.createConsumer(groupId)
    },
  }
}

/** What it committed stays. Whoever was given an id and comes back with it is told to start over. */
export function buryEmptyClassicGroup(step: Step, group: ClassicGroup): void {
  for (const timer of group.pendingMembers.values()) step.cancelTimer(timer)
  if (group.isPersisted) step.persist({ kind: 'group-metadata', groupId: group.groupId, value: null })
}
