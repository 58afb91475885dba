/** The rows of the comparison about groups, each for one round on one broker. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@millrace/client'
import {
  encodeRequest,
  heartbeat,
  leaveGroup,
  type OffsetCommitRequestInput,
  offsetCommit,
} from '@millrace/protocol'
import { cpuSeconds, residentMegabytes } from '../harness/process-cpu.ts'
import { openWires, type Wire } from '../harness/wire.ts'
import type { BrokerUnderTest } from '../kafka/broker-under-test.ts'
import type { Metric, Sample } from '../kafka/comparison.ts'
import { isNotYet, type Joined, joinAndSync, mustRejoin, settleGroup } from './members.ts'

export interface Scale {
  readonly commitMs: number
  readonly idleGroups: number
  readonly idleMs: number
  readonly crowd: number
  readonly loadedGroups: number
}

export const WHOLE: Scale = {
  commitMs: 3_000,
  idleGroups: 1_000,
  idleMs: 9_000,
  crowd: 1_000,
  loadedGroups: 20_000,
}
/** Enough for a JVM to compile what the row makes it do. */
export const WARM_UP: Scale = { ...WHOLE, commitMs: 1_500, idleGroups: 50, idleMs: 500, crowd: 50 }
export const TINY: Scale = { commitMs: 100, idleGroups: 10, idleMs: 500, crowd: 10, loadedGroups: 100 }

/** Something about groups that is measured on both brokers, once in each round. */
export interface GroupRow {
  readonly name: string
  readonly metrics: readonly Metric[]
  measure(broker: BrokerUnderTest, scale: Scale, round: number): Promise<Sample>
}

export const PARTITIONS = 50
const RECORDS = 500
const MEMBERS = 10
const HEARTBEAT_MS = 3_000
const TICK_MS = 30
export const COMMITTERS = 50
const LANES = 20
/** Until everybody's join has reached the broker and waits there. */
const GATHER_MS = 500

export const ROWS: readonly GroupRow[] = [
  {
    name: 'first-record',
    metrics: [
      {
        key: 'classic',
        label: 'start of one consumer to its first record, classic, ms',
        goal: '50',
        digits: 1,
      },
      { key: 'consumer', label: 'the same, KIP-848, ms', goal: '50', digits: 1 },
    ],
    measure: async (broker, _scale, round) => ({
      classic: await startToFirstRecord(broker, 'classic', round),
      consumer: await startToFirstRecord(broker, 'consumer', round),
    }),
  },
  {
    name: 'leave',
    metrics: [
      {
        key: 'ms',
        label: 'two members, one leaves: pause beyond the heartbeat interval, ms',
        goal: '100',
        digits: 1,
      },
    ],
    measure: async (broker, _scale, round) => ({ ms: await leavePause(broker, round) }),
  },
  {
    name: 'commits',
    metrics: [
      {
        key: 'perSecond',
        label: 'synced commits, 50 clients of one group, a second',
        goal: '50,000',
        digits: 0,
      },
      { key: 'p99Ms', label: 'their p99, ms', goal: '5' },
    ],
    measure: (broker, scale) => commitLoad(broker, scale, () => 'together'),
  },
  {
    name: 'commits-apart',
    metrics: [
      {
        key: 'perSecond',
        label: 'synced commits, 50 clients of as many groups, a second',
        goal: '',
        digits: 0,
      },
      { key: 'p99Ms', label: 'their p99, ms', goal: '' },
    ],
    measure: (broker, scale) => commitLoad(broker, scale, (client) => `apart-${client}`),
  },
  {
    name: 'idle',
    metrics: [
      {
        key: 'cpuPercent',
        label: '1,000 groups of 10 with 3 s heartbeats, % of a core',
        goal: '15',
        digits: 1,
      },
      { key: 'megabytes', label: 'their memory above idle, MB', goal: '100', digits: 0 },
    ],
    measure: idleGroups,
  },
  {
    name: 'crowd',
    metrics: [
      {
        key: 'ms',
        label: '1,000 members join one group at once: settled after, ms',
        goal: '2,000',
        digits: 0,
      },
    ],
    measure: async (broker, scale, round) => ({ ms: await crowdSettles(broker, scale, round) }),
  },
]

/** A topic for the rows that read and commit. */
export async function prepare(bootstrap: string): Promise<void> {
  await using client = createClient({ bootstrapServers: bootstrap })
  await client.admin.createTopics([{ name: 'groups', partitions: PARTITIONS }])
  const records = Array.from({ length: RECORDS }, (_, i) => ({ value: Buffer.from(`${i}`) }))
  await client.topic('groups').sendMany(records)
  // Kafka makes its offsets topic when a coordinator is looked for, which the plain connections of the rows never do.
  for await (const _ of client.topic('groups').consume({ group: 'prepared' })) break
}

/** From a connected client to the first record that its group is given. */
async function startToFirstRecord(
  { bootstrap }: BrokerUnderTest,
  protocol: 'classic' | 'consumer',
  round: number,
): Promise<number> {
  await using client = createClient({ bootstrapServers: bootstrap })
  await client.admin.describeCluster()
  const startedMs = performance.now()
  let ms = Number.NaN
  for await (const _ of client.topic('groups').consume({ group: `first-${protocol}-${round}`, protocol })) {
    ms = performance.now() - startedMs
    break
  }
  return ms
}

/** From the heartbeat that tells the one who stays of the other's leaving, until it has everything. */
async function leavePause({ bootstrap }: BrokerUnderTest, round: number): Promise<number> {
  const groupId = `leave-${round}`
  const wires = await openWires(bootstrap, 2)
  const [stays, leaves] = wires
  if (stays === undefined || leaves === undefined) throw new Error('no wires')
  const [stayer, leaver] = await settleGroup(wires, groupId)
  if (stayer === undefined || leaver === undefined) throw new Error('no members')
  const members = [{ memberId: leaver.memberId, groupInstanceId: null, reason: null }]
  await leaves.ask(leaveGroup, 5, { groupId, memberId: '', members })
  const startedMs = performance.now()
  while (!(await mustRejoin(stays, { ...stayer, groupId }))) await sleep(1)
  await joinAndSync(stays, { groupId, memberId: stayer.memberId })
  const ms = performance.now() - startedMs
  for (const wire of wires) wire.close()
  return ms
}

/** Each client commits a partition of its own, again and again, one commit at a time: for one group, or each for its own. */
export async function commitLoad(
  { bootstrap }: BrokerUnderTest,
  { commitMs }: Scale,
  groupOf: (client: number) => string,
): Promise<{ perSecond: number; p99Ms: number }> {
  const wires = await openWires(bootstrap, COMMITTERS)
  await Promise.all(wires.map((wire, index) => commitUntilTaken(wire, groupOf(index), index)))
  const latencies: number[] = []
  const run = async (wire: Wire, index: number, untilMs: number): Promise<void> => {
    const frame = commitFrame(groupOf(index), [index])
    while (performance.now() < untilMs) {
      const sentMs = performance.now()
      await wire.askRaw(frame)
      latencies.push(performance.now() - sentMs)
    }
  }
  const all = (ms: number): Promise<unknown> =>
    Promise.all(wires.map((wire, index) => run(wire, index, performance.now() + ms)))
  await all(commitMs / 3)
  latencies.length = 0
  const startedMs = performance.now()
  await all(commitMs)
  const seconds = (performance.now() - startedMs) / 1000
  for (const wire of wires) wire.close()
  latencies.sort((a, b) => a - b)
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN
  return { perSecond: latencies.length / seconds, p99Ms: p99 }
}

/** CPU and memory of groups that do nothing but say that they are there. */
async function idleGroups(
  { bootstrap, pid }: BrokerUnderTest,
  { idleGroups: groupCount, idleMs }: Scale,
  round: number,
): Promise<Sample> {
  const before = residentMegabytes(pid)
  const lanes = await Promise.all(Array.from({ length: LANES }, () => openWires(bootstrap, MEMBERS)))
  const beats: { wire: Wire; frame: Buffer }[] = []
  await Promise.all(
    lanes.map(async (wires, lane) => {
      for (let index = lane; index < groupCount; index += LANES) {
        const groupId = `idle-${round}-${index}`
        const joined = await settleGroup(wires, groupId)
        joined.forEach((member, i) => {
          const wire = wires[i]
          if (wire !== undefined) beats.push({ wire, frame: heartbeatFrame(groupId, member) })
        })
      }
    }),
  )
  const cpuBefore = cpuSeconds(pid)
  const startedMs = performance.now()
  await beatFor(beats, idleMs)
  const seconds = (performance.now() - startedMs) / 1000
  const sample = {
    cpuPercent: (100 * (cpuSeconds(pid) - cpuBefore)) / seconds,
    megabytes: residentMegabytes(pid) - before,
  }
  for (const wire of lanes.flat()) wire.close()
  return sample
}

/** From the earlier member's heartbeat until a thousand have joined and have their assignments. */
async function crowdSettles(
  { bootstrap }: BrokerUnderTest,
  { crowd }: Scale,
  round: number,
): Promise<number> {
  const groupId = `crowd-${round}`
  const [first, ...others] = await openWires(bootstrap, crowd)
  if (first === undefined) throw new Error('no wires')
  const earlier = await joinAndSync(first, { groupId })
  const joining = others.map((wire) => joinAndSync(wire, { groupId }))
  await sleep(GATHER_MS)
  const startedMs = performance.now()
  while (!(await mustRejoin(first, { ...earlier, groupId }))) await sleep(1)
  await Promise.all([joinAndSync(first, { groupId, memberId: earlier.memberId }), ...joining])
  const ms = performance.now() - startedMs
  for (const wire of [first, ...others]) wire.close()
  return ms
}

/** What is timed afterwards is not looked at: here it is seen that such commits are taken. */
async function commitUntilTaken(wire: Wire, groupId: string, partition: number): Promise<void> {
  for (;;) {
    const { topics } = await wire.ask(offsetCommit, 8, commitOf(groupId, [partition]))
    const errorCode = topics[0]?.partitions[0]?.errorCode
    if (errorCode === 0) return
    if (errorCode === undefined || !(await isNotYet(errorCode)))
      throw new Error(`OffsetCommit was answered ${errorCode}`)
  }
}

/** The frame of a commit of these partitions of the topic. */
export function commitFrame(groupId: string, partitions: readonly number[]): Buffer {
  const body = commitOf(groupId, partitions)
  return Buffer.concat(encodeRequest(offsetCommit, 8, { correlationId: 0, clientId: 'bench' }, body))
}

function commitOf(groupId: string, partitions: readonly number[]): OffsetCommitRequestInput {
  const places = partitions.map((partitionIndex) => ({
    partitionIndex,
    committedOffset: 1,
    committedMetadata: '',
  }))
  const topics = [{ name: 'groups', partitions: places }]
  return { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics }
}

function heartbeatFrame(groupId: string, { generationId, memberId }: Joined): Buffer {
  const body = { groupId, generationId, memberId, groupInstanceId: null }
  return Buffer.concat(encodeRequest(heartbeat, 4, { correlationId: 0, clientId: 'bench' }, body))
}

/** Each member's heartbeat once in three seconds, spread evenly. */
async function beatFor(beats: readonly { wire: Wire; frame: Buffer }[], durationMs: number): Promise<void> {
  const startedMs = performance.now()
  for (let sent = 0; performance.now() - startedMs < durationMs; ) {
    const due = Math.floor(((performance.now() - startedMs) / HEARTBEAT_MS) * beats.length)
    for (; sent < due; sent++) {
      const beat = beats[sent % beats.length]
      if (beat !== undefined) void beat.wire.askRaw(beat.frame)
    }
    await sleep(TICK_MS)
  }
}
