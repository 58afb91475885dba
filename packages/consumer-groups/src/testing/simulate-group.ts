import { AssertionError, strict as assert } from 'node:assert'
import { checkGroupConfig, DEFAULT_GROUP_CONFIG } from '../group-config.ts'
import type { Group } from '../group-table.ts'
import { AssignmentLedger } from './assignment-ledger.ts'
import { FakeTopics } from './fake-topics.ts'
import { Prng } from './prng.ts'
import { SimulatedConsumer } from './simulated-consumer.ts'
import { type CoordinatorCounts, SimulatedCoordinator } from './simulated-coordinator.ts'
import {
  type ConsumerTraits,
  type ConsumerWorld,
  type Participant,
  SIMULATED_GROUP,
  SIMULATED_TOPIC,
} from './simulated-line.ts'
import { SimulatedModernConsumer } from './simulated-modern-consumer.ts'
import { VirtualTime } from './virtual-time.ts'

const PARTITION_COUNT = 7
const CHAOS_MS = 120_000
const LONGEST_SESSION_MS = 12_000
const LONGEST_REBALANCE_MS = 20_000
const LONGEST_PEACE_MS = 3 * LONGEST_SESSION_MS + 2 * LONGEST_REBALANCE_MS + 60_000
const PEACE_SLICE_MS = 3_000
const LONGEST_FREEZE_MS = 2 * LONGEST_SESSION_MS

/** Which protocols the members speak. */
export type Members = 'classic' | 'consumer' | 'mixed'

/** What a run reached. */
export interface SimulationReport extends CoordinatorCounts {
  readonly generations: number
  readonly commits: number
  readonly handovers: number
}

interface Scene {
  readonly world: ConsumerWorld
  readonly topics: FakeTopics
  readonly members: Members
  readonly participants: Participant[]
}

/**
 * The life of one group under `seed`: two minutes in which members come, go, freeze, die, are slow and lose
 * connections while topics grow, the coordinator crashes and its appends fail; then peace, in which the group has to
 * settle. Throws when an invariant breaks. The same seed gives the same run.
 */
export function simulateGroup(seed: number, members: Members): SimulationReport {
  const scene = setScene(seed, members)
  const { coordinator, ledger } = scene.world
  runChaos(scene)
  settle(scene)
  return {
    ...coordinator.counts,
    generations: ledger.generationCount,
    commits: ledger.commitCount,
    handovers: ledger.takenCount,
  }
}

function setScene(seed: number, members: Members): Scene {
  const prng = new Prng(seed)
  const time = new VirtualTime(prng)
  const config = checkGroupConfig({
    ...DEFAULT_GROUP_CONFIG,
    groupInitialRebalanceDelayMs: prng.pick([0, 0, 500, 3_000]),
    groupMaxSize: prng.pick([3, 100, 100]),
    newMemberJoinTimeoutMs: 60_000,
    consumerGroupMaxSize: prng.pick([3, 100, 100]),
    consumerSessionTimeoutMs: LONGEST_SESSION_MS,
    consumerHeartbeatIntervalMs: 1_000,
  })
  const topics = new FakeTopics()
  topics.create(SIMULATED_TOPIC, PARTITION_COUNT)
  const coordinator = new SimulatedCoordinator(time, config, topics)
  coordinator.faults = { appendFails: prng.pick([0, 0.02, 0.1]), appendMs: [0, prng.pick([1, 20, 200])] }
  const world: ConsumerWorld = {
    time,
    coordinator,
    ledger: new AssignmentLedger(),
    partitionCount: PARTITION_COUNT,
    maxDelayMs: prng.pick([1, 50, 400]),
    lossChance: prng.pick([0, 0.005, 0.03]),
  }
  const scene: Scene = { world, topics, members, participants: [] }
  world.ledger.onTaken = (told) => checkHandover(scene, told)
  return scene
}

function runChaos(scene: Scene): void {
  const { time } = scene.world
  start(scene, newTraits(scene))
  for (let passedMs = 0; passedMs < CHAOS_MS; ) {
    const stepMs = time.prng.between(1, 6_000)
    time.run(stepMs)
    passedMs += stepMs
    checkOffsets(scene.world)
    disturb(scene)
  }
}

function start({ participants, world }: Scene, traits: ConsumerTraits): void {
  const participant =
    traits.protocol === 'classic'
      ? new SimulatedConsumer(world, traits)
      : new SimulatedModernConsumer(world, traits, `member-${participants.length}`)
  participants.push(participant)
  participant.join()
}

function disturb(scene: Scene): void {
  const { coordinator, time } = scene.world
  const { prng } = time
  const living = scene.participants.filter(({ isGone }) => !isGone)
  const one = living.length > 0 ? prng.pick(living) : undefined
  switch (prng.between(0, 10)) {
    case 0:
    case 1:
    case 2:
      if (living.length < 6) start(scene, newTraits(scene))
      break
    case 3:
      one?.leave()
      break
    case 4:
      one?.vanish()
      break
    case 5:
      one?.freeze(prng.between(100, LONGEST_FREEZE_MS))
      break
    case 6:
      one?.resubscribe()
      break
    case 7:
      coordinator.crash()
      break
    case 8:
      restart(scene, one)
      break
    case 9:
      coordinator.notify({ kind: 'expire-offsets' })
      break
    case 10:
      growTopic(scene)
  }
}

/** The process dies and is started again at once; a static member keeps its instance id, and may speak another protocol. */
function restart(scene: Scene, participant: Participant | undefined): void {
  if (participant === undefined) return
  participant.vanish()
  start(scene, { ...participant.traits, protocol: newTraits(scene).protocol })
}

/** Members of the classic protocol would have to look at the metadata to notice; only the broker does here. */
function growTopic({ members, topics, world }: Scene): void {
  if (members !== 'consumer' || world.partitionCount >= 2 * PARTITION_COUNT) return
  topics.grow(SIMULATED_TOPIC, ++world.partitionCount)
}

function newTraits({ members, participants, world }: Scene): ConsumerTraits {
  const { prng } = world.time
  return {
    name: `client${participants.length}`,
    protocol: members === 'mixed' ? prng.pick(['classic', 'consumer']) : members,
    groupInstanceId: prng.chance(0.4) ? `instance${prng.between(0, 3)}` : null,
    joinVersion: prng.pick([1, 3, 4, 5, 7, 9]),
    sessionTimeoutMs: prng.pick([6_000, 10_000, LONGEST_SESSION_MS]),
    rebalanceTimeoutMs: prng.pick([0, 5_000, LONGEST_REBALANCE_MS]),
    protocols: prng.pick([['range'], ['range', 'sticky'], ['sticky', 'range'], ['cooperative', 'range']]),
    usesRegex: prng.chance(0.3),
  }
}

/** Whatever was acknowledged is still there: no crash takes a commit back, no stale member overwrites one. */
function checkOffsets({ coordinator, ledger, partitionCount }: ConsumerWorld): void {
  const { shard } = coordinator
  if (shard === null) return
  for (let partition = 0; partition < partitionCount; partition++) {
    const held = shard.offsets.get(SIMULATED_GROUP, SIMULATED_TOPIC, partition)?.offset ?? -1
    assert(held >= ledger.acknowledged(partition), `partition ${partition} went back to ${held}`)
  }
}

/**
 * KIP-848: a partition is handed over only after its owner let go. Whoever else still believes to own it has been
 * thrown out, and just does not know yet; and so may be the one that believes to be given it.
 */
function checkHandover(
  { participants, world }: Scene,
  { memberId, partition }: { memberId: string; partition: number },
): void {
  const group = world.coordinator.shard?.groups.get(SIMULATED_GROUP)
  if (group?.kind !== 'consumer') return
  const isOwner = [...(group.members.get(memberId)?.assigned.values() ?? [])].some((owned) =>
    owned.has(partition),
  )
  if (!isOwner) return
  for (const other of participants) {
    if (other.isGone || other.memberId === memberId || !other.partitions.includes(partition)) continue
    const isClassic = other.traits.protocol === 'classic'
    assert(
      isClassic || !group.members.has(other.memberId),
      `${other.memberId} still has partition ${partition}`,
    )
  }
}

/** Without further faults everybody who is left has its share of the partitions in time, and all of one epoch. */
function settle(scene: Scene): void {
  const { coordinator, time } = scene.world
  coordinator.faults = { appendFails: 0, appendMs: [0, 5] }
  scene.world.lossChance = 0
  scene.world.maxDelayMs = 5
  // Whoever was frozen thaws, and the sessions of the dead end.
  time.run(LONGEST_FREEZE_MS)
  // The slowest rebalance may still be under way. Most groups are there long before, and more time would be heartbeats.
  for (let passedMs = 0; passedMs < LONGEST_PEACE_MS && !hasSettled(scene); passedMs += PEACE_SLICE_MS)
    time.run(PEACE_SLICE_MS)
  checkSettled(scene)
}

function hasSettled(scene: Scene): boolean {
  try {
    checkSettled(scene)
    return true
  } catch (error) {
    if (error instanceof AssertionError) return false
    throw error
  }
}

function checkSettled(scene: Scene): void {
  const { coordinator } = scene.world
  checkOffsets(scene.world)
  const living = scene.participants.filter(({ isGone }) => !isGone)
  const group = coordinator.shard?.groups.get(SIMULATED_GROUP)
  assert.equal(group?.state ?? 'Empty', living.length === 0 ? 'Empty' : 'Stable', 'the group has settled')
  assert.equal(group?.members.size ?? 0, living.length, 'everybody is a member, and nobody else is')
  for (const participant of living)
    assert(participant.isSettled(epochOf(group)), `${participant.memberId} has not settled`)
  const owned = living.flatMap(({ partitions }) => partitions).sort((one, other) => one - other)
  const everything = Array.from({ length: scene.world.partitionCount }, (_, partition) => partition)
  assert.deepEqual(owned, living.length === 0 ? [] : everything, 'every partition has one owner')
}

function epochOf(group: Group | undefined): number {
  if (group === undefined) return -1
  return group.kind === 'classic' ? group.generationId : group.groupEpoch
}
