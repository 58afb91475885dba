import type { TopicMetadata } from '@millrace/client'
import { expect, it } from 'vitest'
import {
  type BrokersClient,
  checkBrokers,
  checkGroups,
  checkPartitions,
  clockFinding,
  type GroupsClient,
  versionFindings,
} from './cluster-checks.ts'

function topic(leaders: number[], inSync = [1]): TopicMetadata {
  return {
    name: 'flights',
    topicId: 'x',
    isInternal: false,
    partitions: leaders.map((leader, partition) => ({
      partition,
      leader,
      leaderEpoch: 0,
      errorCode: 0,
      replicas: [1, 2].slice(0, Math.max(1, inSync.length)),
      inSyncReplicas: inSync,
    })),
  }
}

it('partitions with leaders are good', () => {
  expect(checkPartitions([topic([1, 1])])).toMatchObject([
    { state: 'good', seen: '2 of 1 topics, all with a leader' },
  ])
})

it('partitions without a leader are named, a few of many', () => {
  expect(checkPartitions([topic([1, -1])])).toMatchObject([{ state: 'broken', seen: '1 offline: flights/1' }])
  expect(checkPartitions([topic([-1, -1, -1, -1, -1, -1])])[0]?.seen).toContain('flights/4, ...')
})

it('partitions that lack replicas are a warning', () => {
  const lacking = {
    ...topic([1]),
    partitions: topic([1]).partitions.map((at) => ({ ...at, replicas: [1, 2] })),
  }
  expect(checkPartitions([lacking])[1]).toMatchObject({
    state: 'warning',
    seen: '1 partitions lack some: flights/0',
  })
})

it('versions are enough, or named; brokers that differ are a warning', () => {
  const speaks = (nodeId: number, fetch: number) => ({
    nodeId,
    apis: new Map<string, readonly [number, number]>([
      ['Produce', [3, 13]],
      ['Fetch', [4, fetch]],
      ['ListOffsets', [1, 11]],
      ['Metadata', [0, 13]],
    ]),
    features: new Map([['metadata.version', 30]]),
  })
  expect(versionFindings([speaks(1, 18), speaks(2, 18)])).toMatchObject([
    { state: 'good', seen: '4 APIs, Fetch up to 18, metadata.version 30' },
  ])
  expect(versionFindings([speaks(1, 18), speaks(2, 17)])).toMatchObject([
    { state: 'warning', seen: 'broker 2 differs from broker 1' },
  ])
  expect(versionFindings([speaks(1, 3)])).toMatchObject([
    { state: 'broken', subject: 'versions of broker 1', seen: 'Fetch ends before version 4' },
  ])
})

it('a clock within a minute is good, one beyond it a warning that says which way', () => {
  expect(clockFinding({ startMs: 1_000, timestampMs: 1_004, endMs: 1_010 })).toMatchObject({
    state: 'good',
    seen: 'the broker is at our time, a write took 10 ms',
  })
  expect(clockFinding({ startMs: 0, timestampMs: 60_010, endMs: 10 }).state).toBe('good')
  expect(clockFinding({ startMs: 0, timestampMs: 70_010, endMs: 10 })).toMatchObject({
    state: 'warning',
    seen: expect.stringContaining('70000 ms ahead'),
  })
  expect(clockFinding({ startMs: 70_000, timestampMs: 0, endMs: 70_010 })).toMatchObject({
    state: 'warning',
    seen: expect.stringContaining('70000 ms behind'),
    whatToDo: expect.stringContaining('NTP'),
  })
})

it('a broker that cannot be reached where it says it is, is broken', async () => {
  const admin: BrokersClient['admin'] = {
    describeCluster: async () => ({
      clusterId: 'c',
      controllerId: 1,
      brokers: [
        { nodeId: 1, host: 'here', port: 1, rack: null },
        { nodeId: 2, host: 'elsewhere', port: 2, rack: null },
      ],
    }),
    describeConfigs: async ({ name }) => {
      if (name === '2') throw new Error('no broker answers at elsewhere:2')
      return []
    },
    describeVersions: async () => Promise.reject(new Error('not asked')),
  }
  expect(await checkBrokers({ admin })).toMatchObject([
    { subject: 'cluster', state: 'good' },
    { subject: 'brokers', seen: '1 at here:1, 2 at elsewhere:2' },
    { subject: 'advertised address of broker 1', state: 'good' },
    {
      subject: 'advertised address of broker 2',
      state: 'broken',
      seen: 'no broker answers at elsewhere:2',
      whatToDo: expect.stringContaining('advertised.listeners'),
    },
  ])
})

/** What is found of one group that is 5 records behind, whose commits come this far before and after the wait. */
async function watched(state: string, members: number, commits: readonly [number, number]): Promise<unknown> {
  let isLater = false
  const member = {
    memberId: 'm',
    instanceId: null,
    clientId: 'app',
    clientHost: '/127.0.0.1',
    topics: [],
    assignment: [],
  }
  const admin: GroupsClient['admin'] = {
    listGroups: async () => [{ group: 'g', protocolType: 'consumer', state, type: 'classic' }],
    describeGroup: async () => ({
      group: 'g',
      protocol: 'classic',
      state,
      protocolType: 'consumer',
      assignor: 'range',
      members: Array.from({ length: members }, () => member),
    }),
    fetchOffsets: async () => [
      { topic: 'flights', partition: 0, offset: commits[isLater ? 1 : 0], metadata: '', leaderEpoch: -1 },
    ],
    listOffsets: async () => [
      { topic: 'flights', partition: 0, offset: 10, timestampMs: -1, leaderEpoch: 0 },
    ],
  }
  const pause = async (ms: number): Promise<void> => {
    expect(ms).toBe(2_000)
    isLater = true
  }
  return checkGroups({ admin }, [topic([1])], pause)
}

it('a group that stands still is a warning, with the reason', async () => {
  expect(await watched('Empty', 0, [5, 5])).toMatchObject([
    { state: 'warning', seen: '5 records behind, and it has no members' },
  ])
  expect(await watched('PreparingRebalance', 2, [5, 5])).toMatchObject([
    { state: 'warning', seen: '5 records behind, and PreparingRebalance' },
  ])
  expect(await watched('Stable', 2, [5, 5])).toMatchObject([
    {
      state: 'warning',
      seen: '5 records behind, and nothing was committed for 2 s by its 2 members',
      whatToDo: expect.stringContaining('a handler hangs'),
    },
  ])
})

it('a group that moves, or has nothing to read, is good', async () => {
  const still = [{ state: 'good', seen: '1, none stands still' }]
  expect(await watched('Stable', 1, [4, 5])).toMatchObject(still)
  expect(await watched('Stable', 1, [10, 10])).toMatchObject(still)
})
