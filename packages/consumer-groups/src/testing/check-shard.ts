import { strict as assert } from 'node:assert'
import type { ClassicGroup } from '../classic/classic-group.ts'
import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import { type AssignedPartitions, toWire } from '../consumer/topic-partitions.ts'
import type { CoordinatorShard } from '../coordinator-shard.ts'
import type { GroupTimer } from '../group-event.ts'
import type { Group } from '../group-table.ts'

interface Surroundings {
  readonly timers: ReadonlyMap<GroupTimer, unknown>
  /** Knows nothing but the bytes that were persisted: what a restart at this moment would know. */
  readonly shadow: CoordinatorShard
  /** Whether to hold everything against the shadow, which costs more than all the rest. */
  readonly isReloadChecked: boolean
}

/** Throws when the shard breaks one of its invariants. Called after every step of a simulation. */
export function checkShard(shard: CoordinatorShard, surroundings: Surroundings): void {
  for (const group of shard.groups.values()) {
    if (group.kind === 'classic') checkClassicGroup(group, surroundings)
    else checkConsumerGroup(group, surroundings)
  }
  if (surroundings.isReloadChecked) checkReload(shard, surroundings.shadow)
}

function checkClassicGroup(group: ClassicGroup, { timers }: Surroundings): void {
  const { members, pendingMembers, pendingSync, state } = group
  const parkedJoins = [...members.values()].filter(({ awaitingJoin }) => awaitingJoin !== null)
  const parkedSyncs = [...members.values()].filter(({ awaitingSync }) => awaitingSync !== null)
  assert.equal(parkedJoins.length, group.awaitingJoinCount)
  // After a downgrade nobody leads until the members have joined again.
  if (members.size > 0 && state !== 'PreparingRebalance') assert(group.leaderId !== null, 'somebody leads')
  if (group.leaderId !== null) assert(members.has(group.leaderId))
  for (const memberId of pendingSync) assert(members.has(memberId))
  for (const timer of pendingMembers.values()) assert(timers.has(timer), 'a pending member is watched')
  for (const member of members.values()) {
    const isParked = member.awaitingJoin !== null || member.awaitingSync !== null
    assert(isParked || timers.has(member.sessionTimer), `nobody watches ${member.memberId}`)
    if (member.groupInstanceId !== null) {
      assert.equal(group.staticMemberId(member.groupInstanceId), member.memberId)
    }
  }
  if (state === 'Empty') assert.equal(members.size, 0)
  if (state === 'PreparingRebalance') assert(timers.has(group.joinTimer), 'a rebalance ends by itself')
  else assert.equal(parkedJoins.length, 0)
  if (state === 'CompletingRebalance') assert(timers.has(group.syncTimer) || pendingSync.size === 0)
  else assert.equal(parkedSyncs.length, 0)
}

function checkConsumerGroup(group: ConsumerGroup, { timers }: Surroundings): void {
  assert(group.assignmentEpoch <= group.groupEpoch, 'no target for an epoch that is still to come')
  const ownersByTopic = new Map<string, Map<number, string>>()
  for (const member of group.members.values()) {
    const { classic, instanceId, memberId, state } = member
    const { rebalance, session } = group.timersOf(memberId)
    assert(timers.has(session), `nobody watches ${memberId}`)
    assert(member.memberEpoch <= group.groupEpoch)
    if (classic === null)
      assert.equal(timers.has(rebalance), state === 'unrevoked' && member.memberEpoch >= 0)
    if (instanceId !== null) assert.equal(group.staticMember(instanceId)?.memberId, memberId)
    noteOwner(ownersByTopic, memberId, member.assigned)
    noteOwner(ownersByTopic, memberId, member.pendingRevocation)
  }
  for (const memberId of group.target.keys()) assert(group.members.has(memberId), 'a target is for a member')
}

function noteOwner(
  ownersByTopic: Map<string, Map<number, string>>,
  memberId: string,
  partitions: AssignedPartitions,
): void {
  for (const [topicId, epochs] of partitions) {
    const owners = ownersByTopic.get(topicId) ?? new Map<number, string>()
    ownersByTopic.set(topicId, owners)
    for (const partition of epochs.keys()) {
      assert.equal(owners.get(partition) ?? memberId, memberId, 'a partition has two owners')
      owners.set(partition, memberId)
    }
  }
}

/** G1: a shard loaded from what was persisted remembers the same. */
function checkReload(live: CoordinatorShard, loaded: CoordinatorShard): void {
  for (const groupId of new Set([...live.groups.keys(), ...loaded.groups.keys()])) {
    assert.deepEqual(
      offsetsOf(loaded, groupId),
      offsetsOf(live, groupId),
      'committed offsets after a restart',
    )
    const group = live.groups.get(groupId)
    if (group === undefined || isRemembered(group)) {
      assert.deepEqual(remembered(loaded.groups.get(groupId)), remembered(group), 'the group after a restart')
    }
  }
}

/** A classic group in a rebalance goes back to where it was before. */
function isRemembered(group: Group): boolean {
  return (
    group.kind === 'consumer' || group.state === 'Stable' || (group.state === 'Empty' && group.isPersisted)
  )
}

function offsetsOf(shard: CoordinatorShard, groupId: string): unknown {
  return shard.offsets.ofGroup(groupId)
}

function remembered(group: Group | undefined): unknown {
  if (group === undefined) return undefined
  return group.kind === 'classic' ? rememberedClassic(group) : rememberedConsumer(group)
}

function rememberedClassic(group: ClassicGroup): unknown {
  const { generationId, groupId, leaderId, members, protocolName, protocolType, state, subscribedTopics } =
    group
  const kept = [...members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    sessionTimeoutMs: member.sessionTimeoutMs,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    assignment: member.assignment.toString('hex'),
  }))
  kept.sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
  return {
    groupId,
    state,
    generationId,
    protocolType,
    protocolName,
    leaderId,
    subscribedTopics,
    members: kept,
  }
}

function rememberedConsumer(group: ConsumerGroup): unknown {
  const { assignmentEpoch, groupEpoch, groupId, metadataHash, regexes, target } = group
  const sorted = <V>(map: ReadonlyMap<string, V>) => [...map].sort(([one], [other]) => (one < other ? -1 : 1))
  const members = sorted(group.members).map(([, member]) => ({
    ...member,
    assigned: toWire(member.assigned),
    pendingRevocation: toWire(member.pendingRevocation),
  }))
  const targets = sorted(target).map(([memberId, topics]) => [memberId, toWire(topics)])
  return { groupId, groupEpoch, assignmentEpoch, metadataHash, members, targets, regexes: sorted(regexes) }
}
