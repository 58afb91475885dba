import type { TopicMetadata } from '@millrace/client'
import { expect, it } from 'vitest'
import { checkPartitions, versionFindings } from './cluster-checks.ts'

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
