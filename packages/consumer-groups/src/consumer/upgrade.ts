import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { ClassicGroup } from '../classic/classic-group.ts'
import { type ClassicMember, metadataFor } from '../classic/classic-member.ts'
import { joinError, refuseSyncs } from '../classic/rebalance.ts'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, newConsumerMember } from './consumer-member.ts'
import { currentAssignmentValue, memberMetadataValue } from './member-records.ts'
import type { OpenedGroup } from './open-consumer-group.ts'
import { type TopicPartitions, toWire, withEpoch } from './topic-partitions.ts'

/**
 * A member of the new protocol joins a classic group that has members: they all come over, with what they were
 * assigned last, and go on speaking the classic protocol (KIP-848). Throws GROUP_ID_NOT_FOUND where that cannot be.
 */
export function planUpgrade(step: Step, table: GroupTable, classic: ClassicGroup): OpenedGroup {
  const { groupId } = classic
  const { consumerGroupMaxSize, consumerMigrationPolicy } = step.config
  if (consumerMigrationPolicy !== 'upgrade' && consumerMigrationPolicy !== 'bidirectional') {
    throw cannot(groupId, 'online upgrade is disabled')
  }
  if (!classic.usesConsumerProtocol)
    throw cannot(groupId, 'the group does not use the consumer embedded protocol')
  if (classic.members.size > consumerGroupMaxSize) {
    throw cannot(groupId, 'the group size exceeds the consumer group maximum size')
  }
  const members = [...classic.members.values()].map((member) => convertMember(step, classic, member))
  const planned = new ConsumerGroup(groupId)
  planned.groupEpoch = classic.generationId
  planned.assignmentEpoch = classic.generationId
  for (const member of members) planned.put(member)
  return { group: planned, open: () => upgrade(step, table, { classic, members }) }
}

function convertMember(step: Step, classic: ClassicGroup, member: ClassicMember): ConsumerMember {
  const { generationId } = classic
  const { assigned, subscription } = decodeEmbedded(step, classic, member)
  return {
    ...newConsumerMember(member.memberId),
    instanceId: member.groupInstanceId,
    rackId: subscription.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    classic: { sessionTimeoutMs: member.sessionTimeoutMs, protocols: member.protocols },
    memberEpoch: generationId,
    previousMemberEpoch: generationId,
    assigned: withEpoch(assigned, generationId),
  }
}

/** The bytes are the clients' own: the leader may have written anything. */
function decodeEmbedded(step: Step, classic: ClassicGroup, member: ClassicMember) {
  const { groupId, protocolName } = classic
  try {
    // Before the first generation no protocol has been chosen, and any of the member's says what it subscribes to.
    const metadata = protocolName === null ? member.protocols[0]?.metadata : metadataFor(member, protocolName)
    const subscription = consumerProtocolSubscription.decode(metadata ?? Buffer.alloc(0))
    return { subscription, assigned: decodeAssignment(step, groupId, member.assignment) }
  } catch (error) {
    if (error instanceof RangeError) throw cannot(groupId, 'the embedded consumer protocol is malformed')
    throw error
  }
}

function decodeAssignment(step: Step, groupId: string, assignment: Buffer): TopicPartitions {
  if (assignment.length === 0) return new Map()
  const { assignedPartitions, userData } = consumerProtocolAssignment.decode(assignment)
  if (userData !== null && userData.length > 0)
    throw cannot(groupId, 'an unsupported custom assignor is in use')
  const byTopic = new Map<string, Set<number>>()
  for (const { partitions, topic } of assignedPartitions) {
    const facts = step.topics.find(topic)
    if (facts === undefined) continue
    const existing = partitions.filter((partition) => partition >= 0 && partition < facts.partitionCount)
    byTopic.set(facts.topicId, new Set([...(byTopic.get(facts.topicId) ?? []), ...existing]))
  }
  return byTopic
}

function upgrade(
  step: Step,
  table: GroupTable,
  { classic, members }: { classic: ClassicGroup; members: readonly ConsumerMember[] },
): ConsumerGroup {
  const { generationId, groupId } = classic
  releaseRequests(step, classic)
  if (classic.isPersisted) step.persist({ kind: 'group-metadata', groupId, value: null })
  const group = table.createConsumer(groupId)
  for (const member of members) {
    const value = memberMetadataValue(member)
    step.persist({ kind: 'consumer-member-metadata', groupId, memberId: member.memberId, value })
  }
  step.persist({ kind: 'consumer-group-metadata', groupId, value: { epoch: generationId, metadataHash: 0 } })
  for (const { assigned, memberId } of members) {
    const value = { topicPartitions: toWire(assigned) }
    step.persist({ kind: 'consumer-target-member', groupId, memberId, value })
  }
  const target = { assignmentEpoch: generationId, assignmentTimestamp: step.nowMs }
  step.persist({ kind: 'consumer-target-metadata', groupId, value: target })
  for (const member of members) {
    const { classic: traits, memberId } = member
    step.persist({
      kind: 'consumer-current-assignment',
      groupId,
      memberId,
      value: currentAssignmentValue(member),
    })
    if (traits !== null) step.armTimer(group.timersOf(memberId).session, traits.sessionTimeoutMs)
  }
  return group
}

/** Whoever waits in the classic group's rebalance is sent back to join: a new one begins. */
function releaseRequests(step: Step, classic: ClassicGroup): void {
  step.cancelTimer(classic.joinTimer)
  step.cancelTimer(classic.syncTimer)
  for (const timer of classic.pendingMembers.values()) step.cancelTimer(timer)
  if (classic.state === 'CompletingRebalance') refuseSyncs(step, classic, ErrorCode.REBALANCE_IN_PROGRESS)
  for (const member of classic.members.values()) {
    step.cancelTimer(member.sessionTimer)
    const token = classic.awaitJoin(member, null)
    if (token !== null) step.reply(token, joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId))
  }
}

function cannot(groupId: string, because: string): KafkaError {
  return new KafkaError(
    ErrorCode.GROUP_ID_NOT_FOUND,
    `Cannot upgrade classic group ${groupId} to consumer group because ${because}.`,
  )
}
