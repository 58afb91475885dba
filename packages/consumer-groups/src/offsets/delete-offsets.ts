import { ErrorCode, type OffsetDeleteResponseInput } from '@millrace/protocol'
import { isSubscribedTo } from '../consumer/subscriptions.ts'
import type { GroupEvent } from '../group-event.ts'
import type { Group, GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import { isExpired, unusedSince } from './offset-expiry.ts'

type DeleteEvent = Extract<GroupEvent, { kind: 'offset-delete' }>

/** OffsetDelete: an administrator takes back what was committed for topics that nobody in the group reads (KIP-496). */
export function deleteRequestedOffsets(step: Step, table: GroupTable, { request, token }: DeleteEvent): void {
  const group = table.get(request.groupId)
  const errorCode = deleteError(group)
  if (group === undefined || errorCode !== ErrorCode.NONE) {
    step.reply(token, { errorCode, topics: [] })
    return
  }
  const topics: OffsetDeleteResponseInput['topics'][number][] = request.topics.map(({ name, partitions }) => {
    const isInUse = isRead(group, name)
    const wanted = partitions.map(({ partitionIndex }) => partitionIndex)
    if (!isInUse) buryOffsets(step, table, { groupId: group.groupId, topic: name, partitions: wanted })
    const code = isInUse ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE
    return { name, partitions: wanted.map((partitionIndex) => ({ partitionIndex, errorCode: code })) }
  })
  step.reply(token, { errorCode: ErrorCode.NONE, topics })
}

/** Only of groups of consumers is it known what they read; of others only whether they have members. */
function deleteError(group: Group | undefined): number {
  if (group === undefined) return ErrorCode.GROUP_ID_NOT_FOUND
  if (group.kind === 'consumer' || group.state === 'Empty' || group.usesConsumerProtocol)
    return ErrorCode.NONE
  return ErrorCode.NON_EMPTY_GROUP
}

function isRead(group: Group, topic: string): boolean {
  if (group.kind === 'consumer') return isSubscribedTo(group, topic)
  return group.subscribedTopics?.has(topic) ?? group.usesConsumerProtocol
}

/** What the retention rule lets go of one group. */
export function expireOffsets(step: Step, table: GroupTable, group: Group): void {
  const since = unusedSince(group)
  if (since === null) return
  const { nowMs } = step
  const retentionMs = step.config.offsetsRetentionMs
  for (const [topic, partitions] of table.offsets.ofGroup(group.groupId) ?? []) {
    const expired = [...partitions]
      .filter(([, committed]) =>
        isExpired(committed, { nowMs, retentionMs, sinceMs: since(topic, committed) }),
      )
      .map(([partition]) => partition)
    buryOffsets(step, table, { groupId: group.groupId, topic, partitions: expired })
  }
}

/** Everything that a group committed. */
export function buryAllOffsets(step: Step, table: GroupTable, groupId: string): void {
  for (const [topic, partitions] of table.offsets.ofGroup(groupId) ?? []) {
    buryOffsets(step, table, { groupId, topic, partitions: [...partitions.keys()] })
  }
}

/** What all groups committed for topics that are gone. */
export function buryTopicOffsets(step: Step, table: GroupTable, names: ReadonlySet<string>): void {
  for (const groupId of table.groups.keys()) {
    for (const [topic, partitions] of table.offsets.ofGroup(groupId) ?? []) {
      if (names.has(topic)) buryOffsets(step, table, { groupId, topic, partitions: [...partitions.keys()] })
    }
  }
}

/** Partitions without a commit are passed over. */
function buryOffsets(
  step: Step,
  table: GroupTable,
  { groupId, partitions, topic }: { groupId: string; topic: string; partitions: readonly number[] },
): void {
  for (const partition of partitions) {
    if (table.offsets.get(groupId, topic, partition) === undefined) continue
    step.persist({ kind: 'offset-commit', groupId, topic, partition, value: null })
  }
}
