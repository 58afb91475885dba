import { consumerProtocolAssignment } from '@millrace/protocol'
import type { ClassicGroup } from '../classic/classic-group.ts'
import { subscribedTopics } from '../classic/subscribed-topics.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import { type ConsumerMember, regexOf, STATIC_AWAY_EPOCH } from '../consumer/consumer-member.ts'
import { topicNamesOf } from '../consumer/subscriptions.ts'
import { countOf } from '../consumer/topic-partitions.ts'
import type { GroupTimer } from '../group-event.ts'
import type { Group } from '../group-table.ts'
import type { CommittedOffsets } from '../offsets/committed-offsets.ts'
import type { TopicView } from '../topic-view.ts'
import type { Holder, MemberFacts, ShardGroupFacts } from './group-facts.ts'
import type { InstanceRefusals } from './instance-refusals.ts'

/** What a group's facts are read from, beside the group. */
export interface FactSources {
  readonly topics: TopicView
  readonly offsets: CommittedOffsets
  readonly nowMs: number
  /** How long until the timer fires; null when it is not armed. */
  readonly leftMs: (timer: GroupTimer) => number | null
  /** For members of KIP-848 groups. */
  readonly consumerSessionTimeoutMs: number
}

type Place = ShardGroupFacts['partitions'][number]
type Owned = Pick<Place, 'topic' | 'partition' | 'owner'>

/** Everything that the machine knows of a group. Changes nothing. */
export function readGroupFacts(sources: FactSources, group: Group): ShardGroupFacts {
  const owned = group.kind === 'classic' ? ownedInClassic(group) : ownedInConsumer(sources.topics, group)
  const counts = new Map<string | null, number>()
  for (const { owner } of owned) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  const own = group.kind === 'classic' ? classicFacts(sources, group, counts) : consumerFacts(sources, group)
  return {
    ...own,
    group: group.groupId,
    protocol: group.kind,
    state: group.state,
    refusedInstances: refusalsOf(group.refusals, sources.nowMs),
    partitions: placesOf(sources, group.groupId, owned),
  }
}

type OwnFacts = Pick<
  ShardGroupFacts,
  'stateAgeMs' | 'members' | 'holders' | 'missingTopics' | 'unmatchedPatterns' | 'subscribedPartitionCount'
>

function classicFacts(
  { leftMs, nowMs, topics }: FactSources,
  group: ClassicGroup,
  counts: ReadonlyMap<string | null, number>,
): OwnFacts {
  // Before the first generation no protocol is chosen; all that a member offers names the same topics.
  const protocol = group.protocolName ?? group.members.values().next().value?.protocols[0]?.name ?? null
  const names = group.usesConsumerProtocol ? subscribedTopics(group.members.values(), protocol) : null
  return {
    ...subscriptionFacts(topics, names ?? []),
    unmatchedPatterns: [],
    stateAgeMs: group.stateTimestampMs < 0 ? null : Math.max(0, nowMs - group.stateTimestampMs),
    holders: classicHolders(group, leftMs),
    members: [...group.members.values()].map((member): MemberFacts => {
      const sessionLeftMs = leftMs(member.sessionTimer)
      return {
        memberId: member.memberId,
        instanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        assignedCount: counts.get(member.memberId) ?? 0,
        silentMs: sessionLeftMs === null ? null : Math.max(0, member.sessionTimeoutMs - sessionLeftMs),
      }
    }),
  }
}

function classicHolders(group: ClassicGroup, leftMs: FactSources['leftMs']): Holder[] {
  const joinLeftMs = leftMs(group.joinTimer)
  switch (group.state) {
    case 'PreparingRebalance': {
      if (group.initialDelay !== null) return [{ memberId: '', what: 'company', leftMs: joinLeftMs }]
      const late = [...group.members.values()].filter(({ awaitingJoin }) => awaitingJoin === null)
      const pending = [...group.pendingMembers].map(
        ([memberId, timer]): Holder => ({ memberId, what: 'first-join', leftMs: leftMs(timer) }),
      )
      return [
        ...late.map(({ memberId }): Holder => ({ memberId, what: 'join', leftMs: joinLeftMs })),
        ...pending,
      ]
    }
    case 'CompletingRebalance':
      return group.leaderId === null
        ? []
        : [{ memberId: group.leaderId, what: 'assign', leftMs: leftMs(group.syncTimer) }]
    case 'Empty':
    case 'Stable':
    case 'Dead':
      return []
  }
}

function consumerFacts(sources: FactSources, group: ConsumerGroup): OwnFacts {
  const { consumerSessionTimeoutMs, leftMs, nowMs, topics } = sources
  const members = [...group.members.values()]
  const names = new Set(members.flatMap((member) => topicNamesOf(group, member)))
  const patterns = [...new Set(members.map(regexOf))].filter((pattern) => pattern !== null)
  const since = group.assignmentTimestampMs
  return {
    ...subscriptionFacts(topics, names),
    unmatchedPatterns: patterns.filter((pattern) => (group.regexes.get(pattern)?.topics.size ?? 0) === 0),
    stateAgeMs: since <= 0 ? null : Math.max(0, nowMs - since),
    holders: members.flatMap((member) => consumerHolder(group, member, leftMs)),
    members: members.map(({ assigned, classic, clientHost, clientId, instanceId, memberId }) => {
      const timeoutMs = classic?.sessionTimeoutMs ?? consumerSessionTimeoutMs
      const sessionLeftMs = leftMs(group.timersOf(memberId).session)
      const silentMs = sessionLeftMs === null ? null : Math.max(0, timeoutMs - sessionLeftMs)
      return { memberId, instanceId, clientId, clientHost, assignedCount: countOf(assigned), silentMs }
    }),
  }
}

function consumerHolder(
  group: ConsumerGroup,
  { memberEpoch, memberId, state }: ConsumerMember,
  leftMs: FactSources['leftMs'],
): Holder[] {
  const { join, rebalance, session } = group.timersOf(memberId)
  if (group.awaitedRejoins.has(memberId)) return [{ memberId, what: 'join', leftMs: leftMs(join) }]
  if (state === 'unrevoked') return [{ memberId, what: 'revoke', leftMs: leftMs(rebalance) }]
  if (memberEpoch === STATIC_AWAY_EPOCH) return [{ memberId, what: 'return', leftMs: leftMs(session) }]
  return memberEpoch < group.groupEpoch ? [{ memberId, what: 'heartbeat', leftMs: leftMs(session) }] : []
}

function subscriptionFacts(
  topics: TopicView,
  names: Iterable<string>,
): Pick<OwnFacts, 'missingTopics' | 'subscribedPartitionCount'> {
  const missingTopics: string[] = []
  let subscribedPartitionCount = 0
  for (const name of names) {
    const facts = topics.find(name)
    if (facts === undefined) missingTopics.push(name)
    else subscribedPartitionCount += facts.partitionCount
  }
  return { missingTopics, subscribedPartitionCount }
}

function ownedInClassic(group: ClassicGroup): Owned[] {
  if (!group.usesConsumerProtocol) return []
  return [...group.members.values()].flatMap(({ assignment, memberId }) =>
    assignedBy(assignment).flatMap(({ partitions, topic }) =>
      partitions.map((partition) => ({ topic, partition, owner: memberId })),
    ),
  )
}

/** The bytes are the leader's business; what cannot be read is shown as nothing. */
function assignedBy(assignment: Buffer): { topic: string; partitions: readonly number[] }[] {
  if (assignment.length === 0) return []
  try {
    return [...consumerProtocolAssignment.decode(assignment).assignedPartitions]
  } catch (error) {
    if (error instanceof RangeError) return []
    throw error
  }
}

function ownedInConsumer(topics: TopicView, group: ConsumerGroup): Owned[] {
  return [...group.members.values()].flatMap(({ assigned, memberId }) =>
    [...assigned].flatMap(([topicId, epochs]) => {
      const topic = topics.findById(topicId)?.name
      if (topic === undefined) return []
      return [...epochs.keys()].map((partition) => ({ topic, partition, owner: memberId }))
    }),
  )
}

function placesOf({ nowMs, offsets }: FactSources, groupId: string, owned: readonly Owned[]): Place[] {
  const places = new Map<string, Place>()
  for (const [topic, partitions] of offsets.ofGroup(groupId) ?? []) {
    for (const [partition, { commitTimestampMs, offset }] of partitions) {
      const commitAgeMs = Math.max(0, nowMs - commitTimestampMs)
      places.set(`${topic}/${partition}`, { topic, partition, committed: offset, commitAgeMs, owner: null })
    }
  }
  for (const { owner, partition, topic } of owned) {
    const key = `${topic}/${partition}`
    const known = places.get(key) ?? { topic, partition, committed: -1, commitAgeMs: null }
    places.set(key, { ...known, owner })
  }
  return [...places.values()].sort((one, other) =>
    one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1,
  )
}

function refusalsOf(refusals: InstanceRefusals, nowMs: number): ShardGroupFacts['refusedInstances'] {
  return [...refusals.entries()].map(([instanceId, { holderMemberId, refusedMemberId, timestampMs }]) => ({
    instanceId,
    refusedMemberId,
    holderMemberId,
    agoMs: Math.max(0, nowMs - timestampMs),
  }))
}
