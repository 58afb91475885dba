import { ErrorCode } from '@millrace/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConsumerClient, settle } from '../testing/consumer-client.ts'
import { ShardHarness } from '../testing/shard-harness.ts'

let harness: ShardHarness

beforeEach(() => {
  harness = new ShardHarness()
})

function member(memberId: string, join = {}): ConsumerClient {
  return new ConsumerClient(harness, memberId, join)
}

function everything(count: number): number[] {
  return Array.from({ length: count }, (_, partition) => partition)
}

describe('offsets of a KIP-848 group', () => {
  const errorOf = (memberId: string, epoch: number, partition = 0, apiVersion = 9) =>
    harness.commit(
      {
        memberId,
        generationIdOrMemberEpoch: epoch,
        topics: [
          {
            name: 'topic',
            topicId: '',
            partitions: [
              {
                partitionIndex: partition,
                committedOffset: 7,
                committedLeaderEpoch: -1,
                committedMetadata: null,
              },
            ],
          },
        ],
      },
      { apiVersion },
    ).value.topics[0]?.partitions[0]?.errorCode

  it('are committed under the member’s epoch, and STALE_MEMBER_EPOCH under any other', () => {
    member('one').beat()
    expect(errorOf('one', 1)).toBe(ErrorCode.NONE)
    expect(errorOf('one', 2)).toBe(ErrorCode.STALE_MEMBER_EPOCH)
    expect(errorOf('stranger', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(errorOf('', -1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('may be committed under an older epoch for what the member has owned since then (KIP-1251)', () => {
    const [one, two] = [member('one'), member('two')]
    settle(one, two)
    expect(one.epoch).toBe(2)
    expect(errorOf('one', 1, 0)).toBe(ErrorCode.NONE)
    expect(errorOf('one', 1, 9)).toBe(ErrorCode.STALE_MEMBER_EPOCH)
    expect(errorOf('two', 1, 9)).toBe(ErrorCode.STALE_MEMBER_EPOCH)
  })

  it('need version 9, where the epoch has its place', () => {
    member('one').beat()
    expect(errorOf('one', 1, 0, 8)).toBe(ErrorCode.UNSUPPORTED_VERSION)
  })

  it('are fetched by members with their epoch, and by whoever names no member', () => {
    member('one').beat()
    errorOf('one', 1)
    const asked = [{ name: 'topic', partitionIndexes: [0] }]
    const as = (memberId: string | null, memberEpoch: number) =>
      harness.fetch(asked, 'group', { memberId, memberEpoch })
    expect(as('one', 1).topics[0]?.partitions[0]?.committedOffset).toBe(7)
    expect(as(null, -1).topics[0]?.partitions[0]?.committedOffset).toBe(7)
    expect(as('one', 2).errorCode).toBe(ErrorCode.STALE_MEMBER_EPOCH)
    expect(as('stranger', 1).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('may be committed by anybody while there are no members', () => {
    member('one').beat().leave()
    expect(errorOf('', -1)).toBe(ErrorCode.NONE)
  })
})

describe('administration of KIP-848 groups', () => {
  it('ConsumerGroupDescribe tells epochs, members, what they own and what they are to own', () => {
    const [one, two] = [member('one', { rackId: 'rack' }), member('two')]
    one.beat()
    two.beat()
    const described = harness.describeConsumer()
    expect(described).toMatchObject({ groupState: 'Reconciling', groupEpoch: 2, assignmentEpoch: 2 })
    const [first, second] = described.members
    expect(first).toMatchObject({
      memberId: 'one',
      rackId: 'rack',
      memberEpoch: 1,
      clientId: 'client',
      memberType: 1,
    })
    expect(first?.assignment.topicPartitions[0]).toMatchObject({
      topicName: 'topic',
      partitions: everything(10),
    })
    expect(first?.targetAssignment.topicPartitions[0]?.partitions).toEqual([0, 1, 2, 3, 4])
    expect(second?.assignment.topicPartitions).toEqual([])
  })

  it('each kind of group is described by its own API alone', () => {
    member('one').beat()
    expect(harness.describe('group', 6)).toMatchObject({
      groupState: 'Dead',
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
    })
    harness.commit({ groupId: 'classic' })
    expect(harness.describeConsumer('classic').errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    expect(harness.describeConsumer('unknown').errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
  })

  it('ListGroups shows and filters them by type and state', () => {
    member('one').beat()
    harness.commit({ groupId: 'classic' })
    const line = { groupId: 'group', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' }
    expect(harness.list({ types: ['consumer'] })).toEqual([line])
    expect(harness.list({ states: ['stable'] })).toEqual([line])
  })

  it('DeleteGroups takes one without members, with everything in the log', () => {
    const one = member('one').beat()
    harness.commit({ memberId: 'one', generationIdOrMemberEpoch: 1 })
    expect(harness.deleteGroup()).toBe(ErrorCode.NON_EMPTY_GROUP)
    one.leave()
    expect(harness.deleteGroup()).toBe(ErrorCode.NONE)
    harness.restart()
    expect(harness.shard.groups.size).toBe(0)
    expect(harness.fetch(null).topics).toEqual([])
  })

  it('offsets of topics that are read do not expire; an empty group goes with its last offset', () => {
    harness = new ShardHarness({ offsetsRetentionMs: 5_000 })
    const one = member('one').beat()
    harness.commit({ memberId: 'one', generationIdOrMemberEpoch: 1 })
    harness.advance(6_000)
    harness.send({ kind: 'expire-offsets' })
    expect(harness.fetch(null).topics).toHaveLength(1)
    one.leave()
    harness.send({ kind: 'expire-offsets' })
    harness.restart()
    expect(harness.shard.groups.size).toBe(0)
  })
})

describe('OffsetDelete', () => {
  const topics = [{ name: 'topic', partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }]

  it('takes back what was committed, and passes over what was not', () => {
    harness.commit()
    expect(harness.deleteOffsets({ topics })).toMatchObject({
      errorCode: ErrorCode.NONE,
      topics: [{ partitions: [{ errorCode: ErrorCode.NONE }, { errorCode: ErrorCode.NONE }] }],
    })
    harness.restart()
    expect(harness.fetch(null).topics).toEqual([])
  })

  it('is GROUP_SUBSCRIBED_TO_TOPIC for topics that members read', () => {
    member('one').beat()
    harness.commit({ memberId: 'one', generationIdOrMemberEpoch: 1 })
    const deleted = harness.deleteOffsets({ topics })
    expect(deleted.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC)
    expect(harness.fetch(null).topics).toHaveLength(1)
  })

  it('of an unknown group is GROUP_ID_NOT_FOUND, of one that is not of consumers and has members NON_EMPTY_GROUP', () => {
    expect(harness.deleteOffsets({ topics }).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    harness.join({ protocolType: 'connect' }, { apiVersion: 3 })
    expect(harness.deleteOffsets({ topics }).errorCode).toBe(ErrorCode.NON_EMPTY_GROUP)
  })
})
