import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'

describe('JoinGroup of a classic group', () => {
  it('gives a new dynamic member an id from version 4 on, and lets it in when it comes back with it', () => {
    const harness = new ShardHarness()
    const first = harness.join().value
    expect(first.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
    expect(first.memberId).toBe('client-uuid-1')

    const second = harness.join({ memberId: first.memberId })
    expect(second.isParked).toBe(true)
    harness.advance(0)
    expect(second.value).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 1, leader: first.memberId })
  })

  it('lets a member of versions 0 to 3 in directly', () => {
    const harness = new ShardHarness()
    const joined = harness.join({}, { apiVersion: 3 })
    harness.advance(0)
    expect(joined.value).toMatchObject({
      errorCode: ErrorCode.NONE,
      memberId: 'client-uuid-1',
      generationId: 1,
    })
  })

  it('tells only the leader who else is there', () => {
    const [leader, ...followers] = stableGroup(new ShardHarness(), 3)
    expect(leader?.members).toHaveLength(3)
    expect(followers.map(({ members }) => members)).toEqual([[], []])
  })
})

it('brings a group to Stable and hands everybody its assignment', () => {
  const harness = new ShardHarness()
  const answers = [joinAsNew(harness), joinAsNew(harness)]
  harness.advance(0)
  const [one, two] = answers.map((answer) => answer.value)
  const follower = harness.sync({ memberId: two?.memberId ?? '' })
  expect(follower.isParked).toBe(true)
  const assignments = [
    { memberId: one?.memberId ?? '', assignment: Buffer.from('a') },
    { memberId: two?.memberId ?? '', assignment: Buffer.from('b') },
  ]
  const leader = harness.sync({ memberId: one?.memberId ?? '', assignments })
  expect(leader.value.assignment.toString()).toBe('a')
  expect(follower.value.assignment.toString()).toBe('b')
  expect(harness.state).toBe('Stable')
  harness.restart()
  expect(harness.state).toBe('Stable')
  expect(harness.describe().members.map(({ memberAssignment }) => memberAssignment.toString())).toEqual([
    'a',
    'b',
  ])
})
