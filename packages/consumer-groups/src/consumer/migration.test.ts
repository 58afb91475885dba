import { ErrorCode, type JoinGroupResponseInput } from '@millrace/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { decodeGroupRecord } from '../records/group-record.ts'
import { ConsumerClient } from '../testing/consumer-client.ts'
import { ShardHarness } from '../testing/shard-harness.ts'
import { assignment, partitionsIn, subscription } from '../testing/subscription.ts'

let harness: ShardHarness
const protocols = [{ name: 'range', metadata: subscription(['topic']) }]

beforeEach(() => {
  harness = new ShardHarness()
})

function member(memberId: string, join = {}): ConsumerClient {
  return new ConsumerClient(harness, memberId, join)
}

function joinClassic(memberId = '', owned: number[] = []): JoinGroupResponseInput {
  const metadata = subscription(['topic'], owned.length > 0 ? [{ topic: 'topic', partitions: owned }] : [])
  const joined = harness.join({ memberId, protocols: [{ name: 'range', metadata }] }, { apiVersion: 3 })
  return joined.isParked
    ? { ...joined, errorCode: -1, generationId: -1, protocolName: '', leader: '', memberId, members: [] }
    : joined.value
}

/** Two classic members, five partitions each. */
function classicGroup(): { leader: string; follower: string } {
  const answers = [0, 1].map(() => harness.join({ protocols }, { apiVersion: 3 }))
  harness.advance(0)
  const [leader = '', follower = ''] = answers.map(({ value }) => value.memberId)
  const assignments = [
    { memberId: leader, assignment: assignment('topic', [0, 1, 2, 3, 4]) },
    { memberId: follower, assignment: assignment('topic', [5, 6, 7, 8, 9]) },
  ]
  harness.sync({ memberId: leader, assignments })
  harness.sync({ memberId: follower })
  expect(harness.state).toBe('Stable')
  return { leader, follower }
}

const kindOf = () => harness.shard.groups.get('group')?.kind

/** Until the classic member has its half of the partitions. */
function shareWith(fresh: ConsumerClient, memberId: string): ReturnType<typeof rejoin> {
  let last = rejoin(memberId)
  for (let round = 0; round < 4 && last.partitions.length < 5; round++) {
    fresh.beat()
    last = rejoin(memberId, last.partitions)
  }
  return last
}

/** A classic member as a client is one: told to join again it lets go of everything it does not keep, and syncs. */
function rejoin(memberId: string, owned: number[] = []): { generationId: number; partitions: number[] } {
  const joined = joinClassic(memberId, owned)
  const generationId = joined.generationId ?? -1
  const synced = harness.sync({ memberId, generationId }).value
  return {
    generationId,
    partitions: synced.errorCode === ErrorCode.NONE ? partitionsIn(synced.assignment) : [],
  }
}

describe('a KIP-848 member that joins a classic group with members', () => {
  it('turns it into a consumer group; the others keep what they have until they join again', () => {
    const { leader, follower } = classicGroup()
    const fresh = member('fresh').beat()
    expect(kindOf()).toBe('consumer')
    expect([fresh.errorCode, fresh.epoch, fresh.partitions]).toEqual([ErrorCode.NONE, 2, []])
    for (const memberId of [leader, follower]) {
      const beat = harness.heartbeat({ memberId, generationId: 1 }).value
      expect(beat.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    }
    const one = rejoin(leader)
    const two = rejoin(follower)
    fresh.beat()
    const all = [...one.partitions, ...two.partitions, ...fresh.partitions]
    expect(all.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(fresh.partitions.length).toBeGreaterThanOrEqual(3)
  })

  it('is remembered as one after a crash at any moment', () => {
    const { leader } = classicGroup()
    member('fresh').beat()
    harness.restart()
    expect(kindOf()).toBe('consumer')
    expect(
      harness
        .describeConsumer()
        .members.map(({ memberType }) => memberType)
        .sort(),
    ).toEqual([0, 0, 1])
    expect(rejoin(leader).partitions.length).toBeGreaterThan(0)
  })

  it('keeps what the group committed', () => {
    const { leader } = classicGroup()
    harness.commit({ memberId: leader, generationIdOrMemberEpoch: 1 })
    member('fresh').beat()
    harness.restart()
    expect(harness.fetch(null).topics[0]?.partitions[0]?.committedOffset).toBe(7)
  })

  it('sends those that wait in a rebalance back to join', () => {
    const { follower } = classicGroup()
    const parked = harness.join({
      memberId: follower,
      protocols: [{ name: 'range', metadata: subscription(['other']) }],
    })
    expect(parked.isParked).toBe(true)
    member('fresh').beat()
    expect(parked.value.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
  })

  it.each(['disabled', 'downgrade'] as const)(
    'is GROUP_ID_NOT_FOUND when group.consumer.migration.policy is %s',
    (policy) => {
      harness = new ShardHarness({ consumerMigrationPolicy: policy })
      classicGroup()
      expect(member('fresh').beat().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
      expect([kindOf(), harness.state]).toEqual(['classic', 'Stable'])
    },
  )

  it('is GROUP_ID_NOT_FOUND when the members are no consumers, or their bytes cannot be read', () => {
    harness.join({ protocolType: 'connect' }, { apiVersion: 3 })
    expect(member('fresh').beat().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    harness = new ShardHarness()
    harness.join({}, { apiVersion: 3 })
    expect(member('fresh').beat().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    expect(kindOf()).toBe('classic')
  })

  it('takes the place of an empty classic group', () => {
    harness.commit()
    const fresh = member('fresh').beat()
    expect([kindOf(), fresh.partitions.length]).toEqual(['consumer', 10])
    expect(harness.fetch(null).topics[0]?.partitions[0]?.committedOffset).toBe(7)
  })
})

describe('a classic member in a consumer group', () => {
  it('is given an id first from version 4 on, and then joins with it', () => {
    member('fresh').beat()
    const first = harness.join({ protocols }).value
    expect(first.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
    const second = harness.join({ protocols, memberId: first.memberId }).value
    expect(second).toMatchObject({
      errorCode: ErrorCode.NONE,
      protocolType: 'consumer',
      protocolName: 'range',
      members: [],
    })
    expect(second.leader).not.toBe(second.memberId)
  })

  it('is given its partitions by SyncGroup once their owner has let go, and is told so by its heartbeat', () => {
    const fresh = member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    expect(partitionsIn(harness.sync({ memberId, generationId }).value.assignment)).toEqual([])
    fresh.beat().beat()
    const beat = harness.heartbeat({ memberId, generationId }).value
    expect(beat.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    expect(rejoin(memberId).partitions).toEqual([5, 6, 7, 8, 9])
    expect(fresh.partitions).toEqual([0, 1, 2, 3, 4])
  })

  it('has its generation checked, and its identity', () => {
    member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    const errors = [
      harness.heartbeat({ memberId, generationId: generationId + 1 }).value.errorCode,
      harness.heartbeat({ memberId: 'stranger', generationId }).value.errorCode,
      harness.heartbeat({ memberId: 'fresh', generationId }).value.errorCode,
      harness.sync({ memberId, generationId: generationId + 1 }).value.errorCode,
      harness.sync({ memberId, generationId, protocolName: 'sticky' }).value.errorCode,
    ]
    expect(errors).toEqual([
      ErrorCode.ILLEGAL_GENERATION,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.ILLEGAL_GENERATION,
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    ])
  })

  it('must be able to work with the other classic members', () => {
    member('fresh').beat()
    joinClassic()
    const other = harness.join(
      { protocols: [{ name: 'sticky', metadata: subscription(['topic']) }] },
      { apiVersion: 3 },
    )
    expect(other.value.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    expect(harness.join({ protocolType: 'connect' }, { apiVersion: 3 }).value.errorCode).toBe(
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    )
  })

  it('is out when it does not sync within its rebalance timeout', () => {
    const fresh = member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    for (let passed = 0; passed < 60_000; passed += 5_000) {
      harness.advance(5_000)
      harness.heartbeat({ memberId, generationId })
      fresh.beat()
    }
    expect(harness.heartbeat({ memberId, generationId }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('is out when it does not join again within its rebalance timeout, however often it says that it is alive', () => {
    const fresh = member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    harness.sync({ memberId, generationId })
    member('another').beat()
    for (let passed = 0; passed < 65_000; passed += 5_000) {
      harness.heartbeat({ memberId, generationId })
      harness.advance(5_000)
      fresh.beat()
    }
    expect(harness.heartbeat({ memberId, generationId }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('stays when it has synced and says that it is alive, and after a restart has its own session to show itself', () => {
    const fresh = member('fresh').beat()
    const { memberId } = joinClassic()
    const { generationId } = shareWith(fresh, memberId)
    const beat = () => harness.heartbeat({ memberId, generationId }).value.errorCode
    for (let passed = 0; passed < 65_000; passed += 5_000) {
      harness.advance(5_000)
      fresh.beat()
      expect(beat()).toBe(ErrorCode.NONE)
    }
    harness.restart()
    harness.advance(10_001)
    expect(beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('commits under its generation', () => {
    const fresh = member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    const errorOf = (generation: number) =>
      harness.commit({ memberId, generationIdOrMemberEpoch: generation }, { apiVersion: 5 }).value.topics[0]
        ?.partitions[0]?.errorCode
    expect(errorOf(generationId)).toBe(ErrorCode.NONE)
    expect(errorOf(generationId + 1)).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(fresh.errorCode).toBe(ErrorCode.NONE)
  })

  it('is fenced by a commit when another has its instance id: as a stranger it would throw that one out again', () => {
    member('fresh').beat()
    const fixed = { groupInstanceId: 'fixed', protocols }
    const [former, holder] = [0, 1].map(() => harness.join(fixed, { apiVersion: 5 }).value.memberId)
    const commit = { memberId: former ?? '', groupInstanceId: 'fixed', generationIdOrMemberEpoch: 2 }
    const errorCode = harness.commit(commit, { apiVersion: 8 }).value.topics[0]?.partitions[0]?.errorCode
    expect(errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    const refusals = [...(harness.shard.groups.get('group')?.refusals.entries() ?? [])]
    expect(refusals).toMatchObject([['fixed', { refusedMemberId: former, holderMemberId: holder }]])
  })

  it('leaves like any other, and an administrator may name KIP-848 members too', () => {
    member('fresh', { instanceId: 'fixed' }).beat()
    member('other').beat()
    const left = harness.leave([
      { memberId: '', groupInstanceId: 'fixed' },
      { memberId: 'stranger', groupInstanceId: null },
    ])
    expect(left.value.members?.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.UNKNOWN_MEMBER_ID,
    ])
    expect(harness.describeConsumer().members.map(({ memberId }) => memberId)).toEqual(['other'])
  })
})

describe('when the last KIP-848 member goes', () => {
  it('the group is a classic one again, under a rebalance that its members settle themselves', () => {
    const fresh = member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    harness.sync({ memberId, generationId })
    fresh.leave()
    expect([kindOf(), harness.state]).toEqual(['classic', 'PreparingRebalance'])
    const again = harness.join({ memberId, protocols })
    expect(again.value).toMatchObject({ errorCode: ErrorCode.NONE, leader: memberId })
    expect(again.value.generationId).toBeGreaterThan(generationId)
  })

  it('its members keep all protocols that they offered, so that another can still be chosen', () => {
    const fresh = member('fresh').beat()
    const metadata = subscription(['topic'])
    const both = ['sticky', 'range'].map((name) => ({ name, metadata }))
    const { memberId } = harness.join({ protocols: both }, { apiVersion: 3 }).value
    fresh.leave()
    const other = harness.join({ protocols }, { apiVersion: 3 })
    harness.join({ memberId, protocols: both })
    expect(other.value).toMatchObject({ errorCode: ErrorCode.NONE, protocolName: 'range' })
  })

  it('the same after a crash: the log says classic, and nothing of the consumer group is left', () => {
    const fresh = member('fresh').beat()
    const { memberId } = joinClassic()
    fresh.leave()
    harness.restart()
    expect([kindOf(), harness.state]).toEqual(['classic', 'PreparingRebalance'])
    expect(harness.describe().members.map((each) => each.memberId)).toEqual([memberId])
  })

  it('a log that is compacted afterwards holds the classic group alone', () => {
    const fresh = member('fresh').beat()
    joinClassic()
    fresh.leave()
    const kept = new Map(harness.log.map(({ key, value }) => [key.toString('hex'), { key, value }]))
    const kinds = [...kept.values()]
      .filter(({ value }) => value !== null)
      .map(({ key, value }) => decodeGroupRecord(key, value)?.kind)
    expect(kinds).toEqual(['group-metadata'])
  })

  it('and the broker restarts before they have joined again, they are sent to do so by ILLEGAL_GENERATION', () => {
    const fresh = member('fresh').beat()
    const { memberId } = joinClassic()
    const { generationId, partitions } = shareWith(fresh, memberId)
    expect(partitions).toHaveLength(5)
    fresh.leave()
    harness.restart()
    expect(harness.heartbeat({ memberId, generationId }).value.errorCode).toBe(ErrorCode.ILLEGAL_GENERATION)
  })

  it('and the broker restarts, a static member that comes back under another id is asked to assign anew', () => {
    const fresh = member('fresh').beat()
    harness.join({ groupInstanceId: 'fixed', protocols }, { apiVersion: 5 })
    fresh.beat()
    fresh.leave()
    harness.restart()
    const back = harness.join({ groupInstanceId: 'fixed', protocols }, { apiVersion: 5 })
    harness.advance(0)
    expect(back.value.errorCode).toBe(ErrorCode.NONE)
    // What the one that left had would belong to nobody: it must be the leader, and told who is there.
    expect(back.value.members).toHaveLength(1)
    expect(harness.state).toBe('CompletingRebalance')
  })

  it('by its session, it is the same', () => {
    const fresh = member('fresh').beat()
    const { generationId = -1, memberId } = joinClassic()
    harness.sync({ memberId, generationId })
    for (let passed = 0; passed < 46_000; passed += 2_000) {
      harness.advance(2_000)
      if (kindOf() === 'consumer') harness.heartbeat({ memberId, generationId })
    }
    expect(fresh.epoch).toBe(1)
    expect(kindOf()).toBe('classic')
  })

  it('it stays a consumer group where group.consumer.migration.policy says so', () => {
    harness = new ShardHarness({ consumerMigrationPolicy: 'upgrade' })
    const fresh = member('fresh').beat()
    joinClassic()
    fresh.leave()
    expect(kindOf()).toBe('consumer')
  })

  it('and nobody is left, it is an empty consumer group, in whose place a classic one may come', () => {
    member('fresh').beat().leave()
    expect(kindOf()).toBe('consumer')
    const joined = harness.join({ protocols }, { apiVersion: 3 })
    harness.advance(0)
    expect(joined.value).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 1 })
    expect(kindOf()).toBe('classic')
  })

  it('because it came back as a classic static member, its successor has its partitions without a rebalance', () => {
    const fixed = member('fixed-one', { instanceId: 'fixed' })
    fixed.beat()
    const successor = harness.join({ groupInstanceId: 'fixed', protocols }, { apiVersion: 5 })
    expect(successor.value.errorCode).toBe(ErrorCode.NONE)
    expect([kindOf(), harness.state]).toEqual(['classic', 'Stable'])
    const { generationId = -1, memberId } = successor.value
    const synced = harness.sync({ memberId, generationId, groupInstanceId: 'fixed' }).value
    expect(partitionsIn(synced.assignment)).toHaveLength(10)
  })

  it('because it came back as a classic static member while another still waited, there is a rebalance', () => {
    const fixed = member('fixed-one', { instanceId: 'fixed' })
    fixed.beat()
    joinClassic()
    expect(harness.describeConsumer().groupState).toBe('Reconciling')
    harness.join({ groupInstanceId: 'fixed', protocols }, { apiVersion: 5 })
    expect([kindOf(), harness.state]).toEqual(['classic', 'PreparingRebalance'])
  })
})
