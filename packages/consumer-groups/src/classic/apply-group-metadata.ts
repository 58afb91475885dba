import type { GroupMetadataMember, GroupMetadataValue } from '../records/group-metadata-record.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, createClassicMember, metadataFor } from './classic-member.ts'

/**
 * Brings a group to what its record says: generation, leader, members, assignments. The same code runs when the
 * record was just made and when it is read back after a restart (G1). What a record does not hold stays: parked
 * requests, and the protocols that were not chosen.
 */
export function applyGroupMetadata(group: ClassicGroup, value: GroupMetadataValue): void {
  const named = new Set(value.members.map(({ memberId }) => memberId))
  for (const memberId of [...group.members.keys()]) if (!named.has(memberId)) group.remove(memberId)
  if (value.protocolType !== '') group.protocolType = value.protocolType
  for (const member of value.members) applyMember(group, member, value)
  group.generationId = value.generation
  group.protocolName = value.protocol
  group.leaderId = value.leader
  group.isPersisted = true
  group.restoreState(value.members.length === 0 ? 'Empty' : 'Stable', value.currentStateTimestamp)
  group.refreshSubscribedTopics()
}

function applyMember(group: ClassicGroup, record: GroupMetadataMember, value: GroupMetadataValue): void {
  const live = group.members.get(record.memberId)
  const member =
    live !== undefined && matches(live, record, value.protocol) ? live : fromRecord(group, record, value)
  if (member !== live) {
    if (live !== undefined) group.remove(live.memberId)
    group.add(member, value.protocolType)
  }
  member.assignment = record.assignment
}

/** A live member is kept when the record is about it as it is; a newer record of a load replaces an older one's. */
function matches(live: ClassicMember, record: GroupMetadataMember, protocol: string | null): boolean {
  return (
    live.groupInstanceId === record.groupInstanceId &&
    live.sessionTimeoutMs === record.sessionTimeout &&
    metadataFor(live, protocol).equals(record.subscription)
  )
}

function fromRecord(
  group: ClassicGroup,
  record: GroupMetadataMember,
  value: GroupMetadataValue,
): ClassicMember {
  return createClassicMember(group.groupId, {
    memberId: record.memberId,
    groupInstanceId: record.groupInstanceId,
    clientId: record.clientId,
    clientHost: record.clientHost,
    // Version 0 of the record has no rebalance timeout.
    rebalanceTimeoutMs: record.rebalanceTimeout > 0 ? record.rebalanceTimeout : record.sessionTimeout,
    sessionTimeoutMs: record.sessionTimeout,
    protocols: [{ name: value.protocol ?? '', metadata: record.subscription }],
  })
}
