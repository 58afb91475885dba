import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'

const OTHER = [{ name: 'range', metadata: Buffer.from('other') }]

describe('trap 16: the first rebalance of an empty group', () => {
  it('waits for group.initial.rebalance.delay.ms, so that members that start together begin together', () => {
    const harness = new ShardHarness({ groupInitialRebalanceDelayMs: 3_000 })
    const first = joinAsNew(harness)
    harness.advance(2_999)
    expect(first.isParked).toBe(true)
    harness.advance(1)
    expect(first.value.generationId).toBe(1)
  })

  it('waits once more for each new member, up to the rebalance timeout', () => {
    const harness = new ShardHarness({ groupInitialRebalanceDelayMs: 3_000 })
    const first = joinAsNew(harness, { rebalanceTimeoutMs: 7_000 })
    for (let round = 0; round < 3; round++) {
      harness.advance(2_000)
      joinAsNew(harness, { rebalanceTimeoutMs: 7_000 })
    }
    harness.advance(999)
    expect(first.isParked).toBe(true)
    harness.advance(1)
    expect(first.value.members).toHaveLength(4)
  })

  it('is over at once when the delay is 0', () => {
    const harness = new ShardHarness()
    const first = joinAsNew(harness)
    harness.advance(0)
    expect(first.value.generationId).toBe(1)
  })
})

describe('the rebalance timeout', () => {
  it('ends the wait for members that do not come back, and takes them out', () => {
    const harness = new ShardHarness()
    const [leader, follower] = stableGroup(harness, 2)
    const rejoined = harness.join({ memberId: follower?.memberId ?? '', protocols: OTHER })
    for (let beat = 0; beat < 6; beat++) {
      harness.advance(9_999)
      expect(rejoined.isParked).toBe(true)
      harness.heartbeat({ memberId: leader?.memberId ?? '' })
    }
    harness.advance(6)
    expect(rejoined.value).toMatchObject({ generationId: 2, leader: follower?.memberId })
    expect(rejoined.value.members).toHaveLength(1)
  })

  it('is the longest that any member asked for', () => {
    const harness = new ShardHarness()
    const answers = [
      joinAsNew(harness, { rebalanceTimeoutMs: 20_000 }),
      joinAsNew(harness, { rebalanceTimeoutMs: 90_000 }),
    ]
    harness.advance(0)
    const [leader, follower] = answers.map(({ value }) => value.memberId)
    harness.sync({ memberId: leader ?? '', assignments: [] })
    harness.sync({ memberId: follower ?? '' })
    const rejoined = harness.join({ memberId: follower ?? '', protocols: OTHER, rebalanceTimeoutMs: 90_000 })
    for (let passedMs = 0; passedMs < 89_000; passedMs += 8_900) {
      harness.advance(8_900)
      harness.heartbeat({ memberId: leader ?? '' })
    }
    expect(rejoined.isParked).toBe(true)
    harness.advance(1_000)
    expect(rejoined.value.generationId).toBe(2)
  })

  it('takes out members that never sync, KAFKA-9752', () => {
    const harness = new ShardHarness()
    const answers = [joinAsNew(harness), joinAsNew(harness)]
    harness.advance(0)
    const [leader, follower] = answers.map(({ value }) => value.memberId)
    const synced = harness.sync({ memberId: follower ?? '' })
    for (let beat = 0; beat < 6; beat++) {
      harness.advance(9_900)
      harness.heartbeat({ memberId: leader ?? '' })
    }
    expect(synced.isParked).toBe(true)
    harness.advance(600)
    expect(synced.value.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    expect(harness.heartbeat({ memberId: leader ?? '' }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(harness.join({ memberId: follower ?? '' }).value).toMatchObject({
      generationId: 2,
      leader: follower,
    })
  })

  it('takes out a follower that never syncs after the leader has, and rebalances', () => {
    const harness = new ShardHarness()
    const answers = [joinAsNew(harness), joinAsNew(harness)]
    harness.advance(0)
    const [leader, follower] = answers.map(({ value }) => value.memberId)
    harness.sync({ memberId: leader ?? '' })
    expect(harness.state).toBe('Stable')
    for (let beat = 0; beat < 7; beat++) {
      harness.advance(9_000)
      for (const memberId of [leader ?? '', follower ?? '']) harness.heartbeat({ memberId })
    }
    expect(harness.state).toBe('PreparingRebalance')
    expect(harness.heartbeat({ memberId: follower ?? '' }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })
})

describe('the session timeout', () => {
  it('takes out a member that is silent, and the others join again', () => {
    const harness = new ShardHarness()
    const [leader, follower] = stableGroup(harness, 2)
    harness.advance(9_000)
    expect(harness.heartbeat({ memberId: leader?.memberId ?? '' }).value.errorCode).toBe(ErrorCode.NONE)
    harness.advance(1_000)
    expect(harness.heartbeat({ memberId: leader?.memberId ?? '' }).value.errorCode).toBe(
      ErrorCode.REBALANCE_IN_PROGRESS,
    )
    expect(harness.heartbeat({ memberId: follower?.memberId ?? '' }).value.errorCode).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    )
    expect(harness.join({ memberId: leader?.memberId ?? '' }).value.generationId).toBe(2)
  })

  it('is kept alive by commits as well, as in Kafka', () => {
    const harness = new ShardHarness()
    const [member] = stableGroup(harness, 1)
    harness.advance(9_000)
    harness.commit({ memberId: member?.memberId ?? '', generationIdOrMemberEpoch: 1 })
    harness.advance(9_000)
    expect(harness.state).toBe('Stable')
  })

  it('does not run for a member whose request is parked', () => {
    const harness = new ShardHarness()
    const [leader, follower] = stableGroup(harness, 2)
    const rejoined = harness.join({ memberId: follower?.memberId ?? '', protocols: OTHER })
    for (let beat = 0; beat < 4; beat++) {
      harness.advance(9_000)
      harness.heartbeat({ memberId: leader?.memberId ?? '' })
    }
    harness.join({ memberId: leader?.memberId ?? '' })
    expect(rejoined.value.errorCode).toBe(ErrorCode.NONE)
  })

  it('is not what ends the first wait of a new member, but that has an end too', () => {
    const harness = new ShardHarness({ newMemberJoinTimeoutMs: 30_000 })
    const [leader] = stableGroup(harness, 1)
    const joined = joinAsNew(harness)
    for (let beat = 0; beat < 3; beat++) {
      harness.advance(9_900)
      expect(joined.isParked).toBe(true)
      harness.heartbeat({ memberId: leader?.memberId ?? '' })
    }
    harness.advance(300)
    expect(joined.value).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID, memberId: '' })
  })

  it('gives every member of a loaded group one session to show itself', () => {
    const harness = new ShardHarness()
    const [leader, follower] = stableGroup(harness, 2)
    harness.restart()
    harness.advance(9_000)
    expect(harness.heartbeat({ memberId: leader?.memberId ?? '' }).value.errorCode).toBe(ErrorCode.NONE)
    harness.advance(1_000)
    expect(harness.state).toBe('PreparingRebalance')
    expect(harness.heartbeat({ memberId: follower?.memberId ?? '' }).value.errorCode).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    )
  })
})

it('trap 16: a heartbeat is told of a rebalance while members gather, not while the leader assigns', () => {
  const harness = new ShardHarness()
  const [leader, follower] = stableGroup(harness, 2)
  const memberId = leader?.memberId ?? ''
  harness.join({ memberId: follower?.memberId ?? '', protocols: OTHER })
  expect(harness.heartbeat({ memberId }).value.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
  harness.join({ memberId })
  expect(harness.state).toBe('CompletingRebalance')
  expect(harness.heartbeat({ memberId, generationId: 2 }).value.errorCode).toBe(ErrorCode.NONE)
})
