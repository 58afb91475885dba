import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { GROUP, joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'

const range = { name: 'range', metadata: Buffer.from('metadata') }
const sticky = { name: 'sticky', metadata: Buffer.from('metadata') }

describe('trap 15: a new member', () => {
  it('is given an id from version 4 on, and is let in when it comes back with it', () => {
    const harness = new ShardHarness()
    const first = harness.join().value
    expect(first.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
    expect(first.memberId).toBe('client-uuid-1')
    const second = harness.join({ memberId: first.memberId })
    expect(second.isParked).toBe(true)
    harness.advance(0)
    expect(second.value).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 1, leader: first.memberId })
  })

  it.each([0, 1, 2, 3])('of version %i is let in directly', (apiVersion) => {
    const harness = new ShardHarness()
    const joined = harness.join({}, { apiVersion })
    harness.advance(0)
    expect(joined.value).toMatchObject({
      errorCode: ErrorCode.NONE,
      memberId: 'client-uuid-1',
      generationId: 1,
    })
  })

  it('that is static is let in directly, under an id made from its instance', () => {
    const harness = new ShardHarness()
    const joined = harness.join({ groupInstanceId: 'instance' })
    harness.advance(0)
    expect(joined.value).toMatchObject({ errorCode: ErrorCode.NONE, memberId: 'instance-uuid-1' })
  })

  it('that never comes back with its id is forgotten when its session ends', () => {
    const harness = new ShardHarness()
    const { memberId } = harness.join().value
    harness.advance(10_000)
    expect(harness.join({ memberId }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(harness.shard.groups.size).toBe(0)
  })

  it('holds up a rebalance until it joins, leaves, or its session ends', () => {
    const harness = new ShardHarness()
    const [leader] = stableGroup(harness, 1)
    harness.join({ sessionTimeoutMs: 7_000 })
    const rejoined = harness.join({ memberId: leader?.memberId ?? '' })
    expect(rejoined.isParked).toBe(true)
    harness.advance(7_000)
    expect(rejoined.value).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 2 })
  })

  it('that leaves before it has joined is forgotten at once', () => {
    const harness = new ShardHarness()
    const { memberId } = harness.join().value
    expect(harness.leave([{ memberId, groupInstanceId: null }]).value.members?.[0]?.errorCode).toBe(
      ErrorCode.NONE,
    )
    expect(harness.timers.size).toBe(0)
    expect(harness.join({ memberId }).value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })
})

describe('trap 15: the answer to a join', () => {
  it('tells only the leader who else is there', () => {
    const [leader, ...followers] = stableGroup(new ShardHarness(), 3)
    expect(leader?.members).toHaveLength(3)
    expect(followers.map(({ members }) => members)).toEqual([[], []])
  })

  it('names the protocol type, and null in an error', () => {
    const harness = new ShardHarness()
    const [leader] = stableGroup(harness, 1)
    expect(leader?.protocolType).toBe('consumer')
    expect(harness.join({ memberId: 'stranger' }).value.protocolType).toBeNull()
  })

  it('names the protocol that all members have and most prefer', () => {
    const harness = new ShardHarness()
    const answers = [
      joinAsNew(harness, { protocols: [range, sticky] }),
      joinAsNew(harness, { protocols: [sticky, range] }),
      joinAsNew(harness, { protocols: [sticky, range, { name: 'mine', metadata: Buffer.alloc(0) }] }),
    ]
    harness.advance(0)
    expect(answers.map(({ value }) => value.protocolName)).toEqual(['sticky', 'sticky', 'sticky'])
  })

  it('names the one that was voted for first among those that equally many prefer', () => {
    const harness = new ShardHarness()
    const answers = [
      joinAsNew(harness, { protocols: [range, sticky] }),
      joinAsNew(harness, { protocols: [sticky, range] }),
    ]
    harness.advance(0)
    expect(answers.map(({ value }) => value.protocolName)).toEqual(['range', 'range'])
  })

  it('changes the protocol when the last member that lacked a better one is gone', () => {
    const harness = new ShardHarness()
    const eager = joinAsNew(harness, { protocols: [range] })
    const both = joinAsNew(harness, { protocols: [sticky, range] })
    harness.advance(0)
    expect(both.value.protocolName).toBe('range')
    const { memberId } = both.value
    harness.leave([{ memberId: eager.value.memberId, groupInstanceId: null }])
    expect(harness.join({ memberId, protocols: [sticky, range] }).value.protocolName).toBe('sticky')
  })

  it('is INCONSISTENT_GROUP_PROTOCOL for a protocol that nobody else has, for none, and for another type', () => {
    const harness = new ShardHarness()
    stableGroup(harness, 1)
    for (const request of [{ protocols: [sticky] }, { protocols: [] }, { protocolType: 'connect' }]) {
      expect(harness.join(request).value.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
  })

  it('is INCONSISTENT_GROUP_PROTOCOL for a first member without a protocol type or without protocols', () => {
    const harness = new ShardHarness()
    for (const request of [{ protocolType: '' }, { protocols: [] }]) {
      expect(harness.join(request).value.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    expect(harness.shard.groups.size).toBe(0)
  })
})

it('trap 15: takes a rebalance timeout of 0 as the session timeout, so that the member has time to sync', () => {
  const harness = new ShardHarness()
  const joined = joinAsNew(harness, { rebalanceTimeoutMs: 0, sessionTimeoutMs: 10_000 })
  harness.advance(5)
  const { memberId } = joined.value
  const assignments = [{ memberId, assignment: Buffer.from('mine') }]
  expect(harness.sync({ memberId, assignments }).value.assignment.toString()).toBe('mine')
})

describe('trap 16: a member that joins a stable group again', () => {
  it('is answered at once with the present generation when it follows and has nothing new to say', () => {
    const harness = new ShardHarness()
    const [, follower] = stableGroup(harness, 2)
    const again = harness.join({ memberId: follower?.memberId ?? '' })
    expect(again.value).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 1, members: [] })
    expect(harness.state).toBe('Stable')
  })

  it('starts a rebalance when it leads, even with nothing new to say: topics may have changed', () => {
    const harness = new ShardHarness()
    const [leader] = stableGroup(harness, 2)
    expect(harness.join({ memberId: leader?.memberId ?? '' }).isParked).toBe(true)
    expect(harness.state).toBe('PreparingRebalance')
  })

  it('starts a rebalance when its metadata changed', () => {
    const harness = new ShardHarness()
    const [, follower] = stableGroup(harness, 2)
    harness.join({
      memberId: follower?.memberId ?? '',
      protocols: [{ name: 'range', metadata: Buffer.from('new') }],
    })
    expect(harness.state).toBe('PreparingRebalance')
  })
})

describe('trap 16: a session timeout', () => {
  it.each([
    [5_000, { groupMinSessionTimeoutMs: 5_000 }, ErrorCode.MEMBER_ID_REQUIRED],
    [4_999, { groupMinSessionTimeoutMs: 5_000 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    [60_000, { groupMaxSessionTimeoutMs: 60_000 }, ErrorCode.MEMBER_ID_REQUIRED],
    [60_001, { groupMaxSessionTimeoutMs: 60_000 }, ErrorCode.INVALID_SESSION_TIMEOUT],
  ])('of %i ms under %o is answered %i', (sessionTimeoutMs, config, errorCode) => {
    expect(new ShardHarness(config).join({ sessionTimeoutMs }).value.errorCode).toBe(errorCode)
  })
})

describe('limits', () => {
  it('turns away members above group.max.size, but not those that are in', () => {
    const harness = new ShardHarness({ groupMaxSize: 2 })
    const [leader] = stableGroup(harness, 2)
    expect(harness.join().value.errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
    const rejoined = harness.join({ memberId: leader?.memberId ?? '' })
    expect(rejoined.isParked).toBe(true)
  })

  it('makes a loaded group that is above group.max.size smaller at once', () => {
    const harness = new ShardHarness({ groupMaxSize: 2 })
    const members = stableGroup(harness, 2)
    const small = new ShardHarness({ groupMaxSize: 1 })
    small.log.push(...harness.log)
    small.restart()
    expect(small.state).toBe('PreparingRebalance')
    const answers = members.map(({ memberId }) => small.join({ memberId }))
    expect(answers[1]?.value.errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
    expect(answers[0]?.value).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 2 })
  })

  it('gives out no more ids than it is willing to remember', () => {
    const harness = new ShardHarness({ maxPendingMembers: 2 })
    harness.join()
    harness.join()
    expect(harness.join().value.errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
  })

  it('refuses a member whose metadata would not fit into the group’s record, and spares the group', () => {
    const harness = new ShardHarness({ maxMemberMetadataBytes: 100 })
    stableGroup(harness, 1)
    const protocols = [{ name: 'range', metadata: Buffer.alloc(100) }]
    expect(harness.join({ protocols }).value.errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE)
    expect(harness.state).toBe('Stable')
  })
})

it('keeps what a member says when the request’s buffer is used for something else', () => {
  const harness = new ShardHarness()
  const metadata = Buffer.from('original')
  const joined = joinAsNew(harness, { protocols: [{ name: 'range', metadata }] })
  harness.advance(0)
  metadata.fill(0)
  expect(joined.value.members[0]?.metadata.toString()).toBe('original')
})

it('keeps the first of two protocols of one name', () => {
  const harness = new ShardHarness()
  const joined = joinAsNew(harness, {
    protocols: [range, { name: 'range', metadata: Buffer.from('second') }],
  })
  harness.advance(0)
  expect(joined.value.members[0]?.metadata.toString()).toBe('metadata')
})

it('answers the older of two joins of one member, so that no request waits for ever', () => {
  const harness = new ShardHarness()
  const [, follower] = stableGroup(harness, 2)
  const request = {
    memberId: follower?.memberId ?? '',
    protocols: [{ name: 'range', metadata: Buffer.from('new') }],
  }
  const older = harness.join(request)
  const newer = harness.join(request)
  expect(older.value.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
  expect(newer.isParked).toBe(true)
})

it('begins again from 0 after the largest generation', () => {
  const harness = new ShardHarness()
  const [member] = stableGroup(harness, 1)
  const group = harness.shard.groups.get(GROUP)
  if (group?.kind === 'classic') group.generationId = 0x7fff_ffff
  expect(harness.join({ memberId: member?.memberId ?? '' }).value.generationId).toBe(0)
})
