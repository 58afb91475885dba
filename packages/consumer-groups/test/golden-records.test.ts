import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from '../src/index.ts'

interface GoldenRecord {
  readonly name: string
  readonly key: string
  readonly value: string | null
}

const golden = new Map(
  readFileSync(new URL('./golden/group-records.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): [string, GoldenRecord] => {
      const record: GoldenRecord = JSON.parse(line)
      return [record.name, record]
    }),
)

const place = { kind: 'offset-commit', groupId: 'grüppe', topic: 'topic.1', partition: 7 } as const
const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const offset = {
  offset: 5_000_000_123,
  leaderEpoch: 3,
  metadata: 'note é',
  commitTimestampMs: 1_700_000_000_123,
  expireTimestampMs: -1,
  topicId: NO_TOPIC_ID,
}
const group = { kind: 'group-metadata', groupId: 'grüppe' } as const
const dynamicMember = {
  memberId: 'client-1',
  groupInstanceId: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  rebalanceTimeout: 300_000,
  sessionTimeout: 45_000,
  subscription: Buffer.from([0, 1, 2, 3]),
  assignment: Buffer.from([4, 5]),
}
const staticMember = {
  ...dynamicMember,
  memberId: 'instance-2',
  groupInstanceId: 'instance',
  clientId: '',
  clientHost: '/10.0.0.1',
  rebalanceTimeout: 60_000,
  sessionTimeout: 6_000,
  subscription: Buffer.alloc(0),
  assignment: Buffer.alloc(0),
}
const metadata = {
  protocolType: 'consumer',
  generation: 11,
  protocol: 'range',
  leader: 'client-1',
  currentStateTimestamp: 1_700_000_000_000,
  members: [dynamicMember, staticMember],
}

const TOPIC_ID = 'sZm8xLmITxOuxIOM3pIWSQ'
const OTHER_TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const ofMember = { groupId: 'grüppe', memberId: 'member-1' }
const member = {
  instanceId: 'instance',
  rackId: 'rack-a',
  clientId: 'client',
  clientHost: '/127.0.0.1',
  subscribedTopicNames: ['topic.1', 'topic.2'],
  subscribedTopicRegex: '',
  rebalanceTimeoutMs: 300_000,
  serverAssignor: 'uniform',
  classicMemberMetadata: null,
}
const regex = {
  kind: 'consumer-regular-expression',
  groupId: 'grüppe',
  regularExpression: 'topic\\..*',
} as const
const currentAssignment = {
  memberEpoch: 9,
  previousMemberEpoch: 8,
  state: 1,
  assignedPartitions: [{ topicId: TOPIC_ID, partitions: [0, 2], assignmentEpochs: null }],
  partitionsPendingRevocation: [{ topicId: OTHER_TOPIC_ID, partitions: [1], assignmentEpochs: null }],
}

const consumer: Readonly<Record<string, GroupRecord>> = {
  'consumer-group-metadata-tombstone': { kind: 'consumer-group-metadata', groupId: 'grüppe', value: null },
  'consumer-group-metadata': {
    kind: 'consumer-group-metadata',
    groupId: 'grüppe',
    value: { epoch: 9, metadataHash: 0 },
  },
  'consumer-group-metadata-hash': {
    kind: 'consumer-group-metadata',
    groupId: 'grüppe',
    value: { epoch: 9, metadataHash: 123_456_789_012_345 },
  },
  'consumer-partition-metadata': {
    kind: 'consumer-partition-metadata',
    groupId: 'grüppe',
    value: { topics: [{ topicId: TOPIC_ID, topicName: 'topic.1', numPartitions: 6, partitionMetadata: [] }] },
  },
  'consumer-member-metadata-tombstone': { kind: 'consumer-member-metadata', ...ofMember, value: null },
  'consumer-member-metadata': { kind: 'consumer-member-metadata', ...ofMember, value: member },
  'consumer-member-metadata-null': {
    kind: 'consumer-member-metadata',
    ...ofMember,
    value: {
      ...member,
      instanceId: null,
      rackId: null,
      subscribedTopicNames: [],
      subscribedTopicRegex: 'topic\\..*',
      serverAssignor: null,
    },
  },
  'consumer-member-metadata-classic': {
    kind: 'consumer-member-metadata',
    ...ofMember,
    value: {
      ...member,
      classicMemberMetadata: {
        sessionTimeoutMs: 45_000,
        supportedProtocols: [{ name: 'range', metadata: Buffer.from([0, 1, 2]) }],
      },
    },
  },
  'consumer-target-metadata-tombstone': { kind: 'consumer-target-metadata', groupId: 'grüppe', value: null },
  'consumer-target-metadata': {
    kind: 'consumer-target-metadata',
    groupId: 'grüppe',
    value: { assignmentEpoch: 9, assignmentTimestamp: 0 },
  },
  'consumer-target-metadata-timestamp': {
    kind: 'consumer-target-metadata',
    groupId: 'grüppe',
    value: { assignmentEpoch: 9, assignmentTimestamp: 1_700_000_000_000 },
  },
  'consumer-target-member-tombstone': { kind: 'consumer-target-member', ...ofMember, value: null },
  'consumer-target-member': {
    kind: 'consumer-target-member',
    ...ofMember,
    value: {
      topicPartitions: [
        { topicId: TOPIC_ID, partitions: [0, 2] },
        { topicId: OTHER_TOPIC_ID, partitions: [1] },
      ],
    },
  },
  'consumer-current-assignment-tombstone': { kind: 'consumer-current-assignment', ...ofMember, value: null },
  'consumer-current-assignment': {
    kind: 'consumer-current-assignment',
    ...ofMember,
    value: currentAssignment,
  },
  'consumer-current-assignment-epochs': {
    kind: 'consumer-current-assignment',
    ...ofMember,
    value: {
      ...currentAssignment,
      state: 0,
      assignedPartitions: [{ topicId: TOPIC_ID, partitions: [0, 2], assignmentEpochs: [7, 9] }],
      partitionsPendingRevocation: [],
    },
  },
  'consumer-regular-expression-tombstone': { ...regex, value: null },
  'consumer-regular-expression': {
    ...regex,
    value: { topics: ['topic.1', 'topic.2'], version: 42, timestamp: 1_700_000_000_000 },
  },
}

/** What the records that Kafka writes today hold: they must come out of both directions the same. */
const current: Readonly<Record<string, GroupRecord>> = {
  ...consumer,
  'offset-commit-tombstone': { ...place, value: null },
  'offset-commit-v1': {
    ...place,
    value: { ...offset, leaderEpoch: -1, expireTimestampMs: 1_700_000_600_000 },
  },
  'offset-commit-v4': { ...place, value: offset },
  'offset-commit-v4-topic-id': { ...place, value: { ...offset, topicId: 'sZm8xLmITxOuxIOM3pIWSQ' } },
  'offset-commit-long-metadata': { ...place, value: { ...offset, metadata: 'x'.repeat(200) } },
  'group-metadata-tombstone': { ...group, value: null },
  'group-metadata-v3': { ...group, value: metadata },
  'group-metadata-empty': {
    ...group,
    value: { ...metadata, generation: 12, protocol: null, leader: null, members: [] },
  },
}

/** What older brokers, or newer ones, may have left behind: it is read, and not written again. */
const readOnly: Readonly<Record<string, GroupRecord>> = {
  'offset-commit-v0': { ...place, value: { ...offset, leaderEpoch: -1 } },
  'offset-commit-v2': { ...place, value: { ...offset, leaderEpoch: -1 } },
  'offset-commit-v3': { ...place, value: offset },
  'offset-commit-legacy-key': { ...place, value: { ...offset, leaderEpoch: -1 } },
  'group-metadata-v0': {
    ...group,
    value: {
      ...metadata,
      currentStateTimestamp: -1,
      members: metadata.members.map((member) => ({ ...member, groupInstanceId: null, rebalanceTimeout: -1 })),
    },
  },
  'group-metadata-v1': {
    ...group,
    value: {
      ...metadata,
      currentStateTimestamp: -1,
      members: metadata.members.map((member) => ({ ...member, groupInstanceId: null })),
    },
  },
  'group-metadata-v2': {
    ...group,
    value: { ...metadata, members: metadata.members.map((member) => ({ ...member, groupInstanceId: null })) },
  },
  'group-metadata-v4': { ...group, value: metadata },
  // A hash of all 64 bits is more than a number holds: it reads as something that differs from any of ours.
  'consumer-group-metadata-negative-hash': {
    kind: 'consumer-group-metadata',
    groupId: 'grüppe',
    value: { epoch: 9, metadataHash: Number.MIN_SAFE_INTEGER },
  },
}

function goldenRecord(name: string): { key: Buffer; value: Buffer | null } {
  const record = golden.get(name)
  if (record === undefined) throw new Error(`no golden record ${name}`)
  return {
    key: Buffer.from(record.key, 'hex'),
    value: record.value === null ? null : Buffer.from(record.value, 'hex'),
  }
}

describe('records that Kafka 4.3 writes', () => {
  it.each(Object.entries(current))('%s: the same bytes', (name, record) => {
    const { key, value } = encodeGroupRecord(record)
    const expected = goldenRecord(name)
    expect(key.toString('hex')).toBe(expected.key.toString('hex'))
    expect(value?.toString('hex')).toBe(expected.value?.toString('hex'))
  })

  it.each(Object.entries({ ...current, ...readOnly }))('%s: read as what it says', (name, record) => {
    const { key, value } = goldenRecord(name)
    expect(decodeGroupRecord(key, value)).toEqual(record)
  })
})

it('knows what every golden record holds', () => {
  const names = [...golden.keys()]
  expect(names.toSorted()).toEqual([...Object.keys(current), ...Object.keys(readOnly)].toSorted())
})

it.each(Object.keys({ ...current, ...readOnly }))('refuses %s when its value is cut short', (name) => {
  const { key, value } = goldenRecord(name)
  if (value === null) return
  for (let length = 0; length < value.length; length++) {
    expect(() => decodeGroupRecord(key, value.subarray(0, length))).toThrow(RangeError)
  }
})

it.each(Object.keys(current))('refuses %s when its key is cut short', (name) => {
  const { key, value } = goldenRecord(name)
  for (let length = 0; length < key.length; length++) {
    expect(() => decodeGroupRecord(key.subarray(0, length), value)).toThrow(RangeError)
  }
})

it('skips records of a kind that it does not know', () => {
  expect(decodeGroupRecord(Buffer.from([0x7f, 0xff, 1, 2, 3]), Buffer.from([0]))).toBeNull()
})

it.each(['offset-commit-v4', 'group-metadata-v3', 'consumer-group-metadata'])(
  'refuses %s in a version that Kafka 4.3 does not know',
  (name) => {
    const { key, value } = goldenRecord(name)
    value?.writeInt16BE(5, 0)
    expect(() => decodeGroupRecord(key, value)).toThrow(RangeError)
  },
)
