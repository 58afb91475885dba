import type {
  ConsumerCurrentAssignmentValue,
  ConsumerMemberMetadataValue,
} from '../records/consumer-group-records.ts'
import { type ConsumerMember, LEFT_EPOCH, type MemberState } from './consumer-member.ts'
import { type AssignedPartitions, NOTHING_ASSIGNED, toWire } from './topic-partitions.ts'

/** As Kafka's MemberState numbers them. */
const STATE_CODES: Readonly<Record<MemberState, number>> = {
  stable: 0,
  unrevoked: 1,
  unreleased: 2,
  unknown: 127,
}
const STATES = new Map(Object.entries(STATE_CODES).map(([state, code]) => [code, state as MemberState]))

type WireAssigned = ConsumerCurrentAssignmentValue['assignedPartitions']

/** What the member said of itself, as a record. */
export function memberMetadataValue(member: ConsumerMember): ConsumerMemberMetadataValue {
  return {
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.subscribedTopicNames],
    subscribedTopicRegex: member.subscribedTopicRegex,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    serverAssignor: member.serverAssignor,
    classicMemberMetadata:
      member.classic === null
        ? null
        : {
            sessionTimeoutMs: member.classic.sessionTimeoutMs,
            supportedProtocols: member.classic.protocols.map(({ metadata, name }) => ({ name, metadata })),
          },
  }
}

/** The member with what a record says it said. */
export function withMetadata(member: ConsumerMember, value: ConsumerMemberMetadataValue): ConsumerMember {
  const { classicMemberMetadata, ...said } = value
  return {
    ...member,
    ...said,
    classic:
      classicMemberMetadata === null
        ? null
        : {
            sessionTimeoutMs: classicMemberMetadata.sessionTimeoutMs,
            protocols: classicMemberMetadata.supportedProtocols,
          },
  }
}

/** What the member owns and how far it is, as a record. */
export function currentAssignmentValue(member: ConsumerMember): ConsumerCurrentAssignmentValue {
  return {
    memberEpoch: member.memberEpoch,
    previousMemberEpoch: member.previousMemberEpoch,
    state: STATE_CODES[member.state],
    assignedPartitions: toWireAssigned(member.assigned),
    partitionsPendingRevocation: toWireAssigned(member.pendingRevocation),
  }
}

/** The member with what a record says it owns; null: with nothing, on its way out. */
export function withAssignment(
  member: ConsumerMember,
  value: ConsumerCurrentAssignmentValue | null,
): ConsumerMember {
  if (value === null) {
    const epochs = { memberEpoch: LEFT_EPOCH, previousMemberEpoch: LEFT_EPOCH }
    return { ...member, ...epochs, assigned: NOTHING_ASSIGNED, pendingRevocation: NOTHING_ASSIGNED }
  }
  return {
    ...member,
    memberEpoch: value.memberEpoch,
    previousMemberEpoch: value.previousMemberEpoch,
    state: STATES.get(value.state) ?? 'unknown',
    assigned: fromWireAssigned(value.assignedPartitions, value.memberEpoch),
    pendingRevocation: fromWireAssigned(value.partitionsPendingRevocation, value.memberEpoch),
  }
}

function toWireAssigned(assigned: AssignedPartitions): WireAssigned {
  return toWire(assigned).map(({ partitions, topicId }) => {
    const epochs = assigned.get(topicId)
    return {
      topicId,
      partitions,
      assignmentEpochs: partitions.map((partition) => epochs?.get(partition) ?? 0),
    }
  })
}

/** Records before Kafka 4.3 do not say in which epoch a partition was given: as if it had been in the member's. */
function fromWireAssigned(topics: WireAssigned, memberEpoch: number): AssignedPartitions {
  if (topics.length === 0) return NOTHING_ASSIGNED
  const assigned = new Map<string, Map<number, number>>()
  for (const { assignmentEpochs, partitions, topicId } of topics) {
    const epochs = assigned.get(topicId) ?? new Map<number, number>()
    assigned.set(topicId, epochs)
    for (const [index, partition] of partitions.entries())
      epochs.set(partition, assignmentEpochs?.[index] ?? memberEpoch)
  }
  return assigned
}
