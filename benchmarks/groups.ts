/**
 * `npm run bench:groups [-- --rounds N --tiny]`: consumer groups on Millrace and on Apache Kafka in turn. Prints a table;
 * `--tiny` shows that it runs, on Millrace alone.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { offsetFetch } from '@millrace/protocol'
import { MillraceProcess } from '../packages/broker/compat/process/millrace-process.ts'
import {
  commitLoad,
  crowdSettles,
  fillOffsets,
  idleGroups,
  leavePause,
  PARTITIONS,
  prepare,
  type Sample,
  type Scale,
  startToFirstRecord,
  TINY,
  WHOLE,
} from './groups/rows.ts'
import { Wire } from './harness/wire.ts'
import { alone, type BrokerPair, type BrokerUnderTest, startPair } from './kafka/broker-under-test.ts'
import { TABLE_HEAD, tableLine } from './kafka/comparison.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, tiny: { type: 'boolean', default: false } },
})

const ROWS: readonly (readonly [key: string, label: string, goal: string, digits: number])[] = [
  ['firstClassic', 'start of one consumer to its first record, classic, ms', '50', 1],
  ['firstConsumer', 'the same, KIP-848, ms', '50', 1],
  ['leaveMs', 'two members, one leaves: pause beyond the heartbeat interval, ms', '100', 1],
  ['commitsPerSecond', 'synced commits, 50 clients of one group, a second', '50000', 0],
  ['commitP99Ms', 'their p99, ms', '5', 2],
  ['apartPerSecond', 'synced commits, 50 clients of as many groups, a second', '', 0],
  ['apartP99Ms', 'their p99, ms', '', 2],
  ['idleCpuPercent', '1,000 groups of 10 with 3 s heartbeats, % of a core', '15', 1],
  ['idleMegabytes', 'their memory above idle, MB', '100', 0],
  ['crowdMs', '1,000 members join one group at once: settled after, ms', '2000', 0],
]

async function main(): Promise<void> {
  const rounds = values.tiny ? 1 : Number(values.rounds)
  const scale = values.tiny ? TINY : WHOLE
  const ours: Sample[] = []
  const theirs: Sample[] = []
  if (values.tiny) await measureOurs(scale, ours)
  else await measureBoth(scale, rounds, { ours, theirs })
  const lines = ROWS.map(([key, label, goal, digits]) => {
    const figures = (samples: readonly Sample[]): number[] => samples.flatMap((sample) => sample[key] ?? [])
    return tableLine({ label, goal, digits }, figures(ours), figures(theirs))
  })
  const loads: number[] = []
  await measureLoading(scale, Math.min(rounds, 3), loads)
  const label = `start with ${(scale.loadedGroups * PARTITIONS).toLocaleString('en')} committed offsets, to the first answer, s`
  lines.push(tableLine({ label, goal: '2', digits: 2 }, loads, []))
  process.stdout.write(`${[`${rounds} rounds.`, '', ...TABLE_HEAD, ...lines].join('\n')}\n`)
}

async function measureOurs(scale: Scale, samples: Sample[]): Promise<void> {
  await using broker = await MillraceProcess.start()
  await prepare(broker.bootstrap)
  samples.push(await measureRound({ name: 'Millrace', ...placeOf(broker) }, scale, 0))
}

async function measureBoth(
  scale: Scale,
  rounds: number,
  { ours, theirs }: { ours: Sample[]; theirs: Sample[] },
): Promise<void> {
  await using pair: BrokerPair = await startPair(200_000)
  const sides = [
    [pair.millrace, ours],
    [pair.kafka, theirs],
  ] as const
  for (const [broker] of sides) {
    // Kafka's JVM runs at its speed only after this code has run for a while; so does ours.
    await alone(pair, broker, async () => {
      await prepare(broker.bootstrap)
      await measureRound(broker, { ...scale, idleGroups: 50, idleMs: 500, crowd: 50 }, -1)
    })
  }
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
    for (const [broker, samples] of sides) {
      samples.push(await alone(pair, broker, () => measureRound(broker, scale, round)))
    }
  }
}

async function measureRound(broker: BrokerUnderTest, scale: Scale, round: number): Promise<Sample> {
  const firstClassic = await startToFirstRecord(broker, 'classic', round)
  const firstConsumer = await startToFirstRecord(broker, 'consumer', round)
  const leaveMs = await leavePause(broker, round)
  const together = await commitLoad(broker, scale, () => 'together')
  const apart = await commitLoad(broker, scale, (client) => `apart-${client}`)
  const crowdMs = await crowdSettles(broker, scale, round)
  const idle = await idleGroups(broker, scale, round)
  return {
    firstClassic,
    firstConsumer,
    leaveMs,
    crowdMs,
    commitsPerSecond: together.perSecond,
    commitP99Ms: together.p99Ms,
    apartPerSecond: apart.perSecond,
    apartP99Ms: apart.p99Ms,
    ...idle,
  }
}

/** A process that is started again on what it was told, until it answers for one of the groups. */
async function measureLoading(scale: Scale, rounds: number, seconds: number[]): Promise<void> {
  await using broker = await MillraceProcess.start()
  await prepare(broker.bootstrap)
  await fillOffsets(broker.bootstrap, scale)
  for (let round = 0; round < rounds; round++) {
    await broker.stop()
    const startedMs = performance.now()
    await broker.restart()
    const wire = await Wire.open(broker.bootstrap)
    const groups = [{ groupId: 'loaded-1', memberId: null, memberEpoch: -1, topics: null }]
    const answer = await wire.ask(offsetFetch, 8, { groupId: '', topics: null, groups, requireStable: false })
    seconds.push((performance.now() - startedMs) / 1000)
    wire.close()
    const found = answer.groups[0]?.topics[0]?.partitions.length
    if (found !== PARTITIONS) throw new Error(`${found} offsets of a group were loaded, not ${PARTITIONS}`)
  }
}

function placeOf({ bootstrap, dataDir, pid }: MillraceProcess): Omit<BrokerUnderTest, 'name'> {
  return { bootstrap, dataDir, pid }
}

await main()
