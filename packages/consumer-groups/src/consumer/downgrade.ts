import { consumerProtocolAssignment } from '@millrace/protocol'
import type { ClassicGroup } from '../classic/classic-group.ts'
import { metadataFor } from '../classic/classic-member.ts'
import { ProtocolVotes } from '../classic/protocol-votes.ts'
import { prepareRebalance } from '../classic/rebalance.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../classic/subscribed-topics.ts'
import type { GroupTable } from '../group-table.ts'
import type { GroupMetadataMember } from '../records/group-metadata-record.ts'
import type { Step } from '../step.ts'
import type { TopicView } from '../topic-view.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ClassicTraits, ConsumerMember } from './consumer-member.ts'
import { buryConsumerGroup, removeMembers } from './fence.ts'
import type { AssignedPartitions, TopicPartitions } from './topic-partitions.ts'

/** A member of whom it is known that it speaks the classic protocol. */
type ClassicSpeaker = ConsumerMember & { readonly classic: ClassicTraits }

/** Members are out. If only members of the classic protocol are left, the group is theirs again (KIP-848's downgrade). */
export function fenceMembers(
  step: Step,
  table: GroupTable,
  group: ConsumerGroup,
  members: readonly ConsumerMember[],
): void {
  const left = new Set(members.map(({ memberId }) => memberId))
  const remaining = [...group.members.values()].filter(({ memberId }) => !left.has(memberId))
  const speakers = classicSpeakers(step, remaining)
  if (speakers === null) removeMembers(step, group, members)
  else downgrade(step, table, { group, members: speakers, mustRebalance: true })
}

/** The members if all of them speak the classic protocol and may be a classic group; otherwise null. */
export function classicSpeakers(
  step: Step,
  members: readonly ConsumerMember[],
): readonly ClassicSpeaker[] | null {
  const { consumerMigrationPolicy, groupMaxSize } = step.config
  if (consumerMigrationPolicy !== 'downgrade' && consumerMigrationPolicy !== 'bidirectional') return null
  if (members.length === 0 || members.length > groupMaxSize) return null
  const speakers = members.filter((member): member is ClassicSpeaker => member.classic !== null)
  return speakers.length === members.length ? speakers : null
}

/**
 * The group becomes a classic one: stable, with its epoch as the generation and its target as the assignment. Where that
 * leaves partitions without an owner it has to rebalance, and its record says so by having no leader: should the broker
 * crash before the rebalance is over, the loaded group begins it anew.
 */
export function downgrade(
  step: Step,
  table: GroupTable,
  {
    group,
    members,
    mustRebalance,
  }: { group: ConsumerGroup; members: readonly ClassicSpeaker[]; mustRebalance: boolean },
): void {
  const { groupEpoch, groupId } = group
  const protocol = electProtocol(members)
  const records = members.map((member) =>
    convertMember(step.topics, member, { protocol, target: group.targetOf(member.memberId) }),
  )
  buryConsumerGroup(step, group)
  step.persist({
    kind: 'group-metadata',
    groupId,
    value: {
      protocolType: CONSUMER_PROTOCOL_TYPE,
      // A generation that no member knows: after a crash each of them is told ILLEGAL_GENERATION and comes to join, instead
      // of going on with the part of the assignment that it had.
      generation: mustRebalance ? groupEpoch + 1 : groupEpoch,
      protocol,
      leader: mustRebalance ? null : (members[0]?.memberId ?? null),
      currentStateTimestamp: step.nowMs,
      members: records,
    },
  })
  const classic = table.get(groupId)
  if (classic?.kind !== 'classic') return
  restoreProtocols(step, classic, members)
  if (mustRebalance) prepareRebalance(step, classic)
}

function electProtocol(members: readonly ClassicSpeaker[]): string {
  const votes = new ProtocolVotes()
  for (const { classic } of members) votes.add(classic.protocols)
  return votes.elect(
    new Map(members.map(({ classic, memberId }) => [memberId, { memberId, protocols: classic.protocols }])),
  )
}

function convertMember(
  topics: TopicView,
  member: ClassicSpeaker,
  { protocol, target }: { protocol: string; target: TopicPartitions },
): GroupMetadataMember {
  const subscription = metadataFor(member.classic, protocol)
  return {
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.classic.sessionTimeoutMs,
    subscription,
    assignment: encodeAssignment(topics, target, subscription),
  }
}

/** The record keeps the metadata of the chosen protocol alone; the live group also knows the others. */
function restoreProtocols(step: Step, group: ClassicGroup, members: readonly ClassicSpeaker[]): void {
  for (const { classic, memberId, rebalanceTimeoutMs } of members) {
    const member = group.members.get(memberId)
    if (member === undefined) continue
    group.update(member, { ...classic, rebalanceTimeoutMs })
    step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
  }
}

/**
 * Partitions as a member of the classic protocol is told of them: by topic name, in the version in which it
 * subscribed. Topics that are gone are left out.
 */
export function encodeAssignment(
  topics: TopicView,
  assigned: TopicPartitions | AssignedPartitions,
  subscription: Buffer,
): Buffer {
  const [, newest] = consumerProtocolAssignment.validVersions
  const version = subscription.length >= 2 ? Math.min(Math.max(subscription.readInt16BE(0), 0), newest) : 0
  const assignedPartitions = [...assigned].flatMap(([topicId, partitions]) => {
    const name = topics.findById(topicId)?.name
    return name === undefined
      ? []
      : [{ topic: name, partitions: [...partitions.keys()].sort((a, b) => a - b) }]
  })
  return consumerProtocolAssignment.encode(version, { assignedPartitions })
}
