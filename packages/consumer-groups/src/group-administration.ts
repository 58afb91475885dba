import { ErrorCode } from '@millrace/protocol'
import { describeClassicGroup, listClassicGroup } from './classic/describe-group.ts'
import {
  describeConsumerGroup,
  listConsumerGroup,
  undescribedConsumerGroup,
} from './consumer/describe-consumer-group.ts'
import { buryConsumerGroup } from './consumer/fence.ts'
import type { DescribedConsumerGroup, DescribedGroup, ListedGroup, ListFilter } from './group-event.ts'
import type { Group, GroupTable } from './group-table.ts'
import { buryAllOffsets } from './offsets/delete-offsets.ts'
import type { Step } from './step.ts'

const FIRST_VERSION_WITH_NOT_FOUND = 6

/** DescribeGroups knows classic groups alone. Any other is Dead, and from version 6 an error. */
export function describeClassic(table: GroupTable, groupId: string, apiVersion: number): DescribedGroup {
  const group = table.get(groupId)
  if (group?.kind === 'classic') return describeClassicGroup(group)
  const isError = apiVersion >= FIRST_VERSION_WITH_NOT_FOUND
  const what = group === undefined ? 'not found' : 'is not a classic group'
  return {
    errorCode: isError ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE,
    errorMessage: isError ? `Group ${groupId} ${what}.` : null,
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
  }
}

/** ConsumerGroupDescribe knows KIP-848 groups alone. */
export function describeConsumer(step: Step, table: GroupTable, groupId: string): DescribedConsumerGroup {
  const group = table.get(groupId)
  if (group?.kind === 'consumer') return describeConsumerGroup(step, group)
  const what = group === undefined ? 'not found' : 'is not a consumer group'
  return undescribedConsumerGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} ${what}.`)
}

export function listGroups(table: GroupTable, { states, types }: ListFilter): ListedGroup[] {
  const listed: ListedGroup[] = []
  for (const group of table.groups.values()) {
    if (types.size > 0 && !types.has(group.kind)) continue
    const line = group.kind === 'classic' ? listClassicGroup(group) : listConsumerGroup(group)
    if (states.size === 0 || states.has((line.groupState ?? '').toLowerCase())) listed.push(line)
  }
  return listed
}

/** A group without members goes, with everything that it committed. */
export function deleteGroup(
  step: Step,
  table: GroupTable,
  groupId: string,
): { groupId: string; errorCode: number } {
  const group = table.get(groupId)
  if (group === undefined) return { groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND }
  if (group.state !== 'Empty') return { groupId, errorCode: ErrorCode.NON_EMPTY_GROUP }
  buryAllOffsets(step, table, groupId)
  buryGroup(step, group)
  return { groupId, errorCode: ErrorCode.NONE }
}

/** Once the last offset of a group without members has expired, there is nothing left to remember of it. */
export function buryGroupIfOver(step: Step, table: GroupTable, group: Group): void {
  const isExpected = group.kind === 'classic' && group.pendingMembers.size > 0
  if (group.state === 'Empty' && !isExpected && !table.offsets.has(group.groupId)) buryGroup(step, group)
}

function buryGroup(step: Step, group: Group): void {
  if (group.kind === 'consumer') {
    buryConsumerGroup(step, group)
    return
  }
  for (const timer of group.pendingMembers.values()) step.cancelTimer(timer)
  step.persist({ kind: 'group-metadata', groupId: group.groupId, value: null })
}
