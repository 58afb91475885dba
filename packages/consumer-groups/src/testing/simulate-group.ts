import { strict as assert } from 'node:assert'
import type { ClassicGroup } from '../classic/classic-group.ts'
import { checkGroupConfig, DEFAULT_GROUP_CONFIG } from '../group-config.ts'
import { AssignmentLedger } from './assignment-ledger.ts'
import { FakeTopics } from './fake-topics.ts'
import { Prng } from './prng.ts'
import {
  type ConsumerTraits,
  type ConsumerWorld,
  SIMULATED_GROUP,
  SIMULATED_TOPIC,
  SimulatedConsumer,
} from './simulated-consumer.ts'
import { type CoordinatorCounts, SimulatedCoordinator } from './simulated-coordinator.ts'
import { VirtualTime } from './virtual-time.ts'

const PARTITION_COUNT = 7
const CHAOS_MS = 120_000
const LONGEST_SESSION_MS = 12_000
const LONGEST_REBALANCE_MS = 20_000

/** What a run reached. */
export interface SimulationReport extends CoordinatorCounts {
  readonly generations: number
  readonly commits: number
}

/**
 * The life of one classic group under `seed`: two minutes in which members come, go, freeze, die, are slow and lose
 * connections while the coordinator crashes and its appends fail; then peace, in which the group has to settle.
 * Throws when an invariant breaks. The same seed gives the same run.
 */
export function simulateClassicGroup(seed: number): SimulationReport {
  const prng = new Prng(seed)
  const time = new VirtualTime(prng)
  const config = checkGroupConfig({
    ...DEFAULT_GROUP_CONFIG,
    groupInitialRebalanceDelayMs: prng.pick([0, 0, 500, 3_000]),
    groupMaxSize: prng.pick([3, 100, 100]),
    newMemberJoinTimeoutMs: 60_000,
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
  const consumers = runChaos(world)
  settle(world, consumers)
  return {
    ...coordinator.counts,
    generations: world.ledger.generationCount,
    commits: world.ledger.commitCount,
  }
}

function runChaos(world: ConsumerWorld): SimulatedConsumer[] {
  const { time } = world
  const consumers: SimulatedConsumer[] = []
  const start = (traits: ConsumerTraits): void => {
    const consumer = new SimulatedConsumer(world, traits)
    consumers.push(consumer)
    consumer.join()
  }
  start(newTraits(world.time.prng, consumers.length))
  for (let passedMs = 0; passedMs < CHAOS_MS; ) {
    const stepMs = time.prng.between(1, 6_000)
    time.run(stepMs)
    passedMs += stepMs
    checkOffsets(world)
    disturb(world, consumers, start)
  }
  return consumers
}

function disturb(
  { coordinator, time: { prng } }: ConsumerWorld,
  consumers: readonly SimulatedConsumer[],
  start: (traits: ConsumerTraits) => void,
): void {
  const living = consumers.filter(({ isGone }) => !isGone)
  const one = living.length > 0 ? prng.pick(living) : undefined
  switch (prng.between(0, 9)) {
    case 0:
    case 1:
    case 2:
      if (living.length < 6) start(newTraits(prng, consumers.length))
      break
    case 3:
      one?.leave()
      break
    case 4:
      one?.vanish()
      break
    case 5:
      one?.freeze(prng.between(100, 2 * LONGEST_SESSION_MS))
      break
    case 6:
      one?.resubscribe()
      break
    case 7:
      coordinator.crash()
      break
    case 8:
      restart(one, start)
      break
    case 9:
      coordinator.notify({ kind: 'expire-offsets' })
  }
}

/** The process dies and is started again at once; a static member keeps its instance id. */
function restart(consumer: SimulatedConsumer | undefined, start: (traits: ConsumerTraits) => void): void {
  if (consumer === undefined) return
  consumer.vanish()
  start(consumer.traits)
}

function newTraits(prng: Prng, serial: number): ConsumerTraits {
  return {
    name: `client${serial}`,
    groupInstanceId: prng.chance(0.4) ? `instance${prng.between(0, 3)}` : null,
    joinVersion: prng.pick([1, 3, 4, 5, 7, 9]),
    sessionTimeoutMs: prng.pick([6_000, 10_000, LONGEST_SESSION_MS]),
    rebalanceTimeoutMs: prng.pick([0, 5_000, LONGEST_REBALANCE_MS]),
    protocols: prng.pick([['range'], ['range', 'sticky'], ['sticky', 'range'], ['cooperative', 'range']]),
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

/** Without further faults everybody who is left has its share of the partitions in time, and all of one generation. */
function settle(world: ConsumerWorld, consumers: readonly SimulatedConsumer[]): void {
  const { coordinator, time } = world
  coordinator.faults = { appendFails: 0, appendMs: [0, 5] }
  world.lossChance = 0
  world.maxDelayMs = 5
  // A frozen member thaws, sessions of the dead end, the slowest rebalance ends, members without heartbeats go.
  time.run(2 * LONGEST_SESSION_MS + LONGEST_SESSION_MS + 2 * LONGEST_REBALANCE_MS + 60_000)
  checkOffsets(world)
  const living = consumers.filter(({ isGone }) => !isGone)
  const group = classicGroup(coordinator)
  assert.equal(group?.state ?? 'Empty', living.length === 0 ? 'Empty' : 'Stable', 'the group has settled')
  assert.equal(group?.members.size ?? 0, living.length, 'everybody is a member, and nobody else is')
  for (const consumer of living) {
    assert.equal(consumer.phase, 'stable')
    assert.equal(consumer.generationId, group?.generationId)
  }
  const owned = living.flatMap(({ positions }) => [...positions.keys()]).sort((one, other) => one - other)
  const everything = Array.from({ length: world.partitionCount }, (_, partition) => partition)
  assert.deepEqual(owned, living.length === 0 ? [] : everything, 'every partition has one owner')
}

function classicGroup({ shard }: SimulatedCoordinator): ClassicGroup | undefined {
  const group = shard?.groups.get(SIMULATED_GROUP)
  assert(group?.kind !== 'consumer')
  return group
}
