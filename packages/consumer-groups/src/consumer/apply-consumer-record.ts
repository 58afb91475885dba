import type { ConsumerGroupRecord } from '../records/consumer-group-records.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { newConsumerMember } from './consumer-member.ts'
import { withAssignment, withMetadata } from './member-records.ts'
import { fromWire } from './topic-partitions.ts'

/**
 * Brings a group to what one of its records says (G1). A log that is being compacted can hold a member's records in
 * any order and without some of them, so nothing here relies on another record having come before.
 */
export function applyConsumerRecord(group: ConsumerGroup, record: ConsumerGroupRecord): void {
  switch (record.kind) {
    case 'consumer-group-metadata':
      // The tombstone removes the whole group; whoever holds the groups does that.
      group.groupEpoch = record.value?.epoch ?? 0
      group.metadataHash = record.value?.metadataHash ?? 0
      break
    case 'consumer-partition-metadata':
      group.hasPartitionMetadata = record.value !== null
      break
    case 'consumer-member-metadata':
      if (record.value === null) group.remove(record.memberId)
      else group.put(withMetadata(memberOf(group, record.memberId), record.value))
      break
    case 'consumer-target-metadata':
      group.assignmentEpoch = record.value?.assignmentEpoch ?? -1
      group.assignmentTimestampMs = record.value?.assignmentTimestamp ?? 0
      break
    case 'consumer-target-member':
      if (record.value === null) group.target.delete(record.memberId)
      else group.target.set(record.memberId, fromWire(record.value.topicPartitions))
      break
    case 'consumer-current-assignment':
      applyAssignment(group, record)
      break
    case 'consumer-regular-expression':
      applyRegex(group, record)
      break
  }
}

function applyAssignment(
  group: ConsumerGroup,
  { memberId, value }: Extract<ConsumerGroupRecord, { kind: 'consumer-current-assignment' }>,
): void {
  // A tombstone of somebody who is not here has nothing to take away.
  if (value === null && !group.members.has(memberId)) return
  group.put(withAssignment(memberOf(group, memberId), value))
}

function applyRegex(
  group: ConsumerGroup,
  { regularExpression, value }: Extract<ConsumerGroupRecord, { kind: 'consumer-regular-expression' }>,
): void {
  if (value === null) {
    group.regexes.delete(regularExpression)
    return
  }
  const { timestamp, topics, version } = value
  group.regexes.set(regularExpression, { topics: new Set(topics), version, timestampMs: timestamp })
}

function memberOf(group: ConsumerGroup, memberId: string) {
  return group.members.get(memberId) ?? newConsumerMember(memberId)
}
