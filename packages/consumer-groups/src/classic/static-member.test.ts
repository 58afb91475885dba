import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { ShardHarness } from '../testing/shard-harness.ts'

const sticky = { name: 'sticky', metadata: Buffer.from('metadata') }
const range = { name: 'range', metadata: Buffer.from('metadata') }

/** Two static members, `one` leading; each is assigned its instance id. */
function staticGroup(harness: ShardHarness): { one: string; two: string } {
  const answers = ['one', 'two'].map((groupInstanceId) =>
    harness.join({ groupInstanceId, protocols: [sticky, range] }),
  )
  harness.advance(0)
  const [one = '', two = ''] = answers.map(({ value }) => value.memberId)
  const assignments = [
    { memberId: one, assignment: Buffer.from('one') },
    { memberId: two, assignment: Buffer.from('two') },
  ]
  harness.sync({ memberId: one, groupInstanceId: 'one', assignments })
  harness.sync({ memberId: two, groupInstanceId: 'two' })
  expect(harness.state).toBe('Stable')
  return { one, two }
}

const restarted = { protocols: [sticky, range] }

describe('trap 17: a static member that was restarted', () => {
  it('gets a new member id and its old assignment, and nobody else notices', () => {
    const harness = new ShardHarness()
    const { two } = staticGroup(harness)
    const again = harness.join({ ...restarted, groupInstanceId: 'two' }).value
    expect(again).toMatchObject({
      errorCode: ErrorCode.NONE,
      generationId: 1,
      skipAssignment: false,
      members: [],
    })
    expect(again.memberId).not.toBe(two)
    expect(harness.state).toBe('Stable')
    const synced = harness.sync({ memberId: again.memberId, groupInstanceId: 'two' })
    expect(synced.value.assignment.toString()).toBe('two')
  })

  it('goes on leading if it led, through the next rebalance too', () => {
    const harness = new ShardHarness()
    const { two } = staticGroup(harness)
    const leader = harness.join({ ...restarted, groupInstanceId: 'one' }).value.memberId
    const protocols = [{ ...sticky, metadata: Buffer.from('another') }]
    const follower = harness.join({ memberId: two, groupInstanceId: 'two', protocols })
    harness.join({ memberId: leader, groupInstanceId: 'one', protocols })
    expect(follower.value).toMatchObject({ generationId: 2, leader })
  })

  it('fences its former self in every request', () => {
    const harness = new ShardHarness()
    const { two } = staticGroup(harness)
    harness.join({ ...restarted, groupInstanceId: 'two' })
    const former = { memberId: two, groupInstanceId: 'two' }
    const FENCED = ErrorCode.FENCED_INSTANCE_ID
    expect(harness.heartbeat(former).value.errorCode).toBe(FENCED)
    expect(harness.sync(former).value.errorCode).toBe(FENCED)
    expect(harness.join({ ...former, ...restarted }).value.errorCode).toBe(FENCED)
    expect(harness.leave([former]).value.members?.[0]?.errorCode).toBe(FENCED)
    const committed = harness.commit({ ...former, generationIdOrMemberEpoch: 1 }).value
    expect(committed.topics[0]?.partitions[0]?.errorCode).toBe(FENCED)
  })

  it('is remembered under its new id after a crash', () => {
    const harness = new ShardHarness()
    staticGroup(harness)
    const again = harness.join({ ...restarted, groupInstanceId: 'two' }).value
    harness.restart()
    const synced = harness.sync({ memberId: again.memberId, groupInstanceId: 'two' })
    expect(synced.value.assignment.toString()).toBe('two')
  })

  it('that led leads on: version 9 is told so, and that there is nothing to assign', () => {
    const harness = new ShardHarness()
    staticGroup(harness)
    const again = harness.join({ ...restarted, groupInstanceId: 'one' }, { apiVersion: 9 }).value
    expect(again).toMatchObject({ leader: again.memberId, skipAssignment: true })
    expect(again.members).toHaveLength(2)
  })

  it('that led is told of its former self as the leader before version 9, so that it assigns nothing', () => {
    const harness = new ShardHarness()
    const { one } = staticGroup(harness)
    const again = harness.join({ ...restarted, groupInstanceId: 'one' }, { apiVersion: 8 }).value
    expect(again).toMatchObject({ leader: one, skipAssignment: false, members: [] })
  })

  it('starts a rebalance when the protocol of the group changes with it', () => {
    const harness = new ShardHarness()
    staticGroup(harness)
    const again = harness.join({ protocols: [range], groupInstanceId: 'two' })
    expect(again.isParked).toBe(true)
    expect(harness.state).toBe('PreparingRebalance')
  })

  it('starts a rebalance while the leader assigns: the assignment would be for the id that is gone', () => {
    const harness = new ShardHarness()
    const answers = ['one', 'two'].map((groupInstanceId) => harness.join({ groupInstanceId, ...restarted }))
    harness.advance(0)
    const parked = harness.sync({ memberId: answers[1]?.value.memberId ?? '', groupInstanceId: 'two' })
    harness.join({ ...restarted, groupInstanceId: 'two' })
    expect(parked.value.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect(harness.state).toBe('PreparingRebalance')
  })

  it('answers the join that its former self left parked', () => {
    const harness = new ShardHarness()
    staticGroup(harness)
    const former = harness.join({ protocols: [range], groupInstanceId: 'two' })
    const again = harness.join({ protocols: [range], groupInstanceId: 'two' })
    expect(former.value.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect(again.isParked).toBe(true)
  })
})

describe('trap 17: a static member that is away', () => {
  it('keeps its place while others rebalance, until its session ends', () => {
    const harness = new ShardHarness()
    const { one } = staticGroup(harness)
    const late = harness.join({
      ...restarted,
      memberId: one,
      groupInstanceId: 'one',
      rebalanceTimeoutMs: 7_000,
    })
    harness.advance(9_999)
    expect(late.isParked).toBe(true)
    harness.advance(1)
    expect(late.value.members).toHaveLength(1)
  })

  it('is still a member when the rebalance timeout ends before its session does', () => {
    const harness = new ShardHarness()
    const away = harness.join({
      groupInstanceId: 'away',
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 8_000,
    })
    const here = harness.join({ groupInstanceId: 'here', rebalanceTimeoutMs: 8_000 })
    harness.advance(0)
    harness.sync({ memberId: away.value.memberId, groupInstanceId: 'away' })
    const { memberId } = here.value
    harness.sync({ memberId, groupInstanceId: 'here' })
    const again = harness.join({
      memberId,
      groupInstanceId: 'here',
      rebalanceTimeoutMs: 8_000,
      protocols: [{ name: 'range', metadata: Buffer.from('new') }],
    })
    harness.advance(8_000)
    expect(again.value).toMatchObject({ generationId: 2, leader: memberId })
    expect(again.value.members).toHaveLength(2)
  })
})

describe('LeaveGroup', () => {
  it('takes out a static member by its instance id alone, as administrators do', () => {
    const harness = new ShardHarness()
    staticGroup(harness)
    const left = harness.leave([
      { memberId: '', groupInstanceId: 'two' },
      { memberId: '', groupInstanceId: 'nobody' },
      { memberId: '', groupInstanceId: null },
    ])
    expect(left.value.members).toEqual([
      { memberId: '', groupInstanceId: 'two', errorCode: ErrorCode.NONE },
      { memberId: '', groupInstanceId: 'nobody', errorCode: ErrorCode.UNKNOWN_MEMBER_ID },
      { memberId: '', groupInstanceId: null, errorCode: ErrorCode.UNKNOWN_MEMBER_ID },
    ])
    expect(harness.state).toBe('PreparingRebalance')
  })

  it('answers what the member waits for: it may be alive and want back in', () => {
    const harness = new ShardHarness()
    const { two } = staticGroup(harness)
    const parked = harness.join({ memberId: two, groupInstanceId: 'two', protocols: [range] })
    harness.leave([{ memberId: two, groupInstanceId: 'two' }])
    expect(parked.value.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('of the last member leaves an empty group behind, also after a crash', () => {
    const harness = new ShardHarness()
    const { one, two } = staticGroup(harness)
    const both = [one, two].map((memberId, index) => ({
      memberId,
      groupInstanceId: ['one', 'two'][index] ?? null,
    }))
    harness.leave(both)
    expect(harness.describe()).toMatchObject({ groupState: 'Empty', protocolType: 'consumer', members: [] })
    harness.restart()
    expect(harness.describe()).toMatchObject({ groupState: 'Empty', protocolType: 'consumer', members: [] })
  })
})
