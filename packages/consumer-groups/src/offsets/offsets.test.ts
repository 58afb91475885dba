import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'

const nothing = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: ErrorCode.NONE }

function partition(partitionIndex: number, committedOffset: number, committedMetadata: string | null = null) {
  return { partitionIndex, committedOffset, committedLeaderEpoch: 3, committedMetadata }
}

function topics(name: string, ...partitions: ReturnType<typeof partition>[]) {
  return { topics: [{ name, topicId: '', partitions }] }
}

describe('trap 8: OffsetFetch', () => {
  it('of an unknown group is no error: offset -1, epoch -1, metadata ""', () => {
    const fetched = new ShardHarness().fetch([{ name: 'topic', partitionIndexes: [0, 5] }])
    expect(fetched).toEqual({
      groupId: 'group',
      errorCode: ErrorCode.NONE,
      topics: [
        {
          name: 'topic',
          partitions: [
            { partitionIndex: 0, ...nothing },
            { partitionIndex: 5, ...nothing },
          ],
        },
      ],
    })
  })

  it('of a partition without a commit, and of a topic that does not exist, is no error either', () => {
    const harness = new ShardHarness()
    harness.commit()
    const fetched = harness.fetch([
      { name: 'topic', partitionIndexes: [9] },
      { name: 'no-such-topic', partitionIndexes: [0] },
    ])
    expect(fetched.topics.map(({ partitions }) => partitions)).toEqual([
      [{ partitionIndex: 9, ...nothing }],
      [{ partitionIndex: 0, ...nothing }],
    ])
  })

  it('returns null metadata as "", and echoes the leader epoch', () => {
    const harness = new ShardHarness()
    harness.commit(topics('topic', partition(0, 42)))
    expect(harness.fetch([{ name: 'topic', partitionIndexes: [0] }]).topics[0]?.partitions[0]).toEqual({
      partitionIndex: 0,
      committedOffset: 42,
      committedLeaderEpoch: 3,
      metadata: '',
      errorCode: ErrorCode.NONE,
    })
  })

  it('of all topics lists everything that was committed, and nothing for an unknown group', () => {
    const harness = new ShardHarness()
    harness.addTopic('other', 2)
    harness.commit(topics('topic', partition(0, 1, 'note'), partition(1, 2)))
    harness.commit(topics('other', partition(1, 3)))
    const fetched = harness
      .fetch(null)
      .topics.map(({ name, partitions }) => [
        name,
        partitions.map(({ committedOffset, metadata, partitionIndex }) => [
          partitionIndex,
          committedOffset,
          metadata,
        ]),
      ])
    expect(fetched).toEqual([
      [
        'topic',
        [
          [0, 1, 'note'],
          [1, 2, ''],
        ],
      ],
      ['other', [[1, 3, '']]],
    ])
    expect(harness.fetch(null, 'unknown').topics).toEqual([])
  })

  it('takes an offset of a topic that was made again under the same name for none', () => {
    const harness = new ShardHarness()
    harness.commit(topics('topic', partition(0, 42)))
    harness.topics.delete('topic')
    harness.addTopic('topic', 10)
    expect(
      harness.fetch([{ name: 'topic', partitionIndexes: [0] }]).topics[0]?.partitions[0]?.committedOffset,
    ).toBe(-1)
    expect(harness.fetch(null).topics).toEqual([])
  })
})

describe('OffsetCommit', () => {
  it('without membership makes a group of its own kind, which outlives a crash', () => {
    const harness = new ShardHarness()
    harness.commit(topics('topic', partition(0, 42, 'note')))
    harness.restart()
    expect(harness.fetch(null).topics[0]?.partitions[0]).toMatchObject({
      committedOffset: 42,
      metadata: 'note',
    })
    expect(harness.describe()).toMatchObject({ groupState: 'Empty', protocolType: '' })
  })

  it('is UNKNOWN_TOPIC_OR_PARTITION for what does not exist, and goes through for the rest', () => {
    const harness = new ShardHarness()
    const request = {
      topics: [
        ...topics('topic', partition(9, 1), partition(10, 1), partition(-1, 1)).topics,
        ...topics('no-such-topic', partition(0, 1)).topics,
      ],
    }
    const codes = harness
      .commit(request)
      .value.topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
    const UNKNOWN = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    expect(codes).toEqual([[ErrorCode.NONE, UNKNOWN, UNKNOWN], [UNKNOWN]])
    expect(harness.log).toHaveLength(1)
  })

  it('is OFFSET_METADATA_TOO_LARGE above offset.metadata.max.bytes, partition by partition', () => {
    const harness = new ShardHarness({ offsetMetadataMaxBytes: 4 })
    const committed = harness.commit(topics('topic', partition(0, 1, '1234'), partition(1, 1, '12345'))).value
    expect(committed.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.OFFSET_METADATA_TOO_LARGE,
    ])
  })

  it('is that too for metadata whose bytes no answer could carry, however much is configured', () => {
    const harness = new ShardHarness({ offsetMetadataMaxBytes: 30_000 })
    const committed = harness.commit(
      topics('topic', partition(0, 1, 'x'.repeat(30_000)), partition(1, 1, '€'.repeat(12_000))),
    )
    expect(committed.value.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.OFFSET_METADATA_TOO_LARGE,
    ])
  })

  it('is INVALID_COMMIT_OFFSET_SIZE when it would not fit into one batch, and persists nothing', () => {
    const harness = new ShardHarness({ maxPersistedBytes: 10_000, maxMemberMetadataBytes: 1_000 })
    harness.addTopic('wide', 100_000)
    const partitions = Array.from({ length: 100_000 }, (_, index) => partition(index, 1))
    const committed = harness.commit(topics('wide', ...partitions)).value
    expect(new Set(committed.topics[0]?.partitions.map(({ errorCode }) => errorCode))).toEqual(
      new Set([ErrorCode.INVALID_COMMIT_OFFSET_SIZE]),
    )
    expect(harness.log).toHaveLength(0)
  })

  it('takes negative offsets, as Kafka does: they read as no commit', () => {
    const harness = new ShardHarness()
    const committed = harness.commit(topics('topic', partition(0, -1))).value
    expect(committed.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NONE)
    expect(
      harness.fetch([{ name: 'topic', partitionIndexes: [0] }]).topics[0]?.partitions[0]?.committedOffset,
    ).toBe(-1)
  })

  it.each([
    [8, ErrorCode.ILLEGAL_GENERATION],
    [9, ErrorCode.GROUP_ID_NOT_FOUND],
  ])('of version %i with a generation, to a group that does not exist, is %i', (apiVersion, errorCode) => {
    const committed = new ShardHarness().commit(
      { generationIdOrMemberEpoch: 1, memberId: 'member' },
      { apiVersion },
    )
    expect(committed.value.topics[0]?.partitions[0]?.errorCode).toBe(errorCode)
  })

  it('keeps what the client chose as expiry, which only versions 2 to 4 can', () => {
    const harness = new ShardHarness()
    harness.commit({ ...topics('topic', partition(0, 1)), retentionTimeMs: 60_000 }, { apiVersion: 4 })
    harness.advance(59_999)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics).toHaveLength(1)
    harness.advance(1)
    harness.restart()
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics).toHaveLength(0)
  })
})

const RETENTION_MS = 7 * 24 * 3_600_000

describe('offsets.retention.minutes', () => {
  it('counts from the commit for a group that never had members; then the group is gone too', () => {
    const harness = new ShardHarness()
    harness.commit(topics('topic', partition(0, 1)))
    harness.advance(60_000)
    harness.commit(topics('topic', partition(1, 1)))
    harness.advance(RETENTION_MS - 60_000)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics[0]?.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([1])
    harness.advance(60_000)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.shard.groups.size).toBe(0)
    harness.restart()
    expect(harness.shard.groups.size).toBe(0)
  })

  it('counts from when the group became empty for one that had members, and a crash does not start it anew', () => {
    const harness = new ShardHarness()
    const [member] = stableGroup(harness, 1)
    const memberId = member?.memberId ?? ''
    harness.commit({ memberId, generationIdOrMemberEpoch: 1, ...topics('topic', partition(0, 1)) })
    harness.advance(5_000)
    harness.leave([{ memberId, groupInstanceId: null }])
    harness.advance(RETENTION_MS - 1)
    harness.restart()
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics).toHaveLength(1)
    harness.advance(1)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.describe().groupState).toBe('Dead')
  })

  it('takes only topics that nobody subscribes to any more from a stable group of consumers', () => {
    const harness = new ShardHarness({ offsetsRetentionMs: 5_000 })
    harness.addTopic('old', 1)
    const subscription = Buffer.from('000000000001' + '0005' + '746f706963' + 'ffffffff', 'hex') // ['topic'], version 0
    const joined = joinAsNew(harness, { protocols: [{ name: 'range', metadata: subscription }] })
    harness.advance(0)
    const { memberId } = joined.value
    harness.sync({ memberId, assignments: [] })
    const member = { memberId, generationIdOrMemberEpoch: 1 }
    harness.commit({ ...member, ...topics('topic', partition(0, 1)) })
    harness.commit({ ...member, ...topics('old', partition(0, 1)) })
    harness.advance(5_000)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics.map(({ name }) => name)).toEqual(['topic'])
  })

  it('takes nothing from a group with members whose metadata cannot be read', () => {
    const harness = new ShardHarness({ offsetsRetentionMs: 1_000 })
    const [member] = stableGroup(harness, 1)
    harness.commit({ memberId: member?.memberId ?? '', generationIdOrMemberEpoch: 1 })
    harness.advance(5_000)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics).toHaveLength(1)
  })
})

it('forgets what was committed for topics that are deleted', () => {
  const harness = new ShardHarness()
  harness.addTopic('other', 1)
  harness.commit(topics('topic', partition(0, 1)))
  harness.commit(topics('other', partition(0, 1)))
  harness.send({ kind: 'topics-deleted', names: new Set(['topic']) })
  harness.restart()
  expect(harness.fetch(null).topics.map(({ name }) => name)).toEqual(['other'])
})

describe('DeleteGroups', () => {
  it('removes an empty group with everything it committed, also from what a restart reads', () => {
    const harness = new ShardHarness()
    const [member] = stableGroup(harness, 1)
    const memberId = member?.memberId ?? ''
    harness.commit({ memberId, generationIdOrMemberEpoch: 1 })
    harness.leave([{ memberId, groupInstanceId: null }])
    expect(harness.deleteGroup()).toBe(ErrorCode.NONE)
    harness.restart()
    expect(harness.shard.groups.size).toBe(0)
    expect(harness.fetch(null).topics).toEqual([])
  })

  it('does not wait for ids that were given out: who comes back with one is told to start over', () => {
    const harness = new ShardHarness()
    harness.commit()
    const { memberId } = harness.join().value
    expect(harness.deleteGroup()).toBe(ErrorCode.NONE)
    expect(harness.join({ memberId }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(harness.timers.size).toBe(0)
  })
})
