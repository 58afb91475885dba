import { ErrorCode } from '@millrace/protocol'
import { expect, it } from 'vitest'
import { joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'

it('hands everybody its assignment when the leader has brought it, and remembers it after a crash', () => {
  const harness = new ShardHarness()
  const answers = [joinAsNew(harness), joinAsNew(harness)]
  harness.advance(0)
  const [one = '', two = ''] = answers.map(({ value }) => value.memberId)
  const follower = harness.sync({ memberId: two })
  expect(follower.isParked).toBe(true)
  const assignments = [
    { memberId: one, assignment: Buffer.from('a') },
    { memberId: two, assignment: Buffer.from('b') },
  ]
  const leader = harness.sync({ memberId: one, assignments })
  expect([leader, follower].map(({ value }) => value.assignment.toString())).toEqual(['a', 'b'])
  harness.restart()
  expect(harness.state).toBe('Stable')
  expect(harness.describe().members.map(({ memberAssignment }) => memberAssignment.toString())).toEqual([
    'a',
    'b',
  ])
})

it('answers the older of two syncs of one member, so that no request waits for ever', () => {
  const harness = new ShardHarness()
  const answers = [joinAsNew(harness), joinAsNew(harness)]
  harness.advance(0)
  const [one = '', two = ''] = answers.map(({ value }) => value.memberId)
  const [older, newer] = [harness.sync({ memberId: two }), harness.sync({ memberId: two })]
  expect([older.value.errorCode, newer.isParked]).toEqual([ErrorCode.REBALANCE_IN_PROGRESS, true])
  harness.sync({ memberId: one, assignments: [{ memberId: two, assignment: Buffer.from('b') }] })
  expect(newer.value.assignment.toString()).toBe('b')
})

it('ignores what a follower brings: only the leader assigns', () => {
  const harness = new ShardHarness()
  const answers = [joinAsNew(harness), joinAsNew(harness)]
  harness.advance(0)
  const [one = '', two = ''] = answers.map(({ value }) => value.memberId)
  const follower = harness.sync({
    memberId: two,
    assignments: [{ memberId: two, assignment: Buffer.from('mine') }],
  })
  harness.sync({ memberId: one, assignments: [] })
  expect(follower.value.assignment).toHaveLength(0)
})

it('gives nothing to members that the leader left out, and ignores ids that are not members', () => {
  const harness = new ShardHarness()
  const joined = joinAsNew(harness)
  harness.advance(0)
  const { memberId } = joined.value
  const synced = harness.sync({
    memberId,
    assignments: [{ memberId: 'stranger', assignment: Buffer.from('x') }],
  })
  expect(synced.value).toMatchObject({ errorCode: ErrorCode.NONE })
  expect(synced.value.assignment).toHaveLength(0)
})

it('trap 15: a sync that names another protocol or type is INCONSISTENT_GROUP_PROTOCOL; before version 5 none need be named', () => {
  const harness = new ShardHarness()
  const [member] = stableGroup(harness, 1)
  const memberId = member?.memberId ?? ''
  const errorOf = (request: { protocolType?: string; protocolName?: string }) =>
    harness.sync({ memberId, ...request }, { apiVersion: 4 }).value.errorCode
  expect(errorOf({ protocolType: 'connect' })).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  expect(errorOf({ protocolName: 'sticky' })).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  expect(errorOf({ protocolType: 'consumer', protocolName: 'range' })).toBe(ErrorCode.NONE)
  expect(errorOf({})).toBe(ErrorCode.NONE)
})

it('trap 15: SyncGroup 5 without protocol type or name is INCONSISTENT_GROUP_PROTOCOL, before anything else is looked at', () => {
  const harness = new ShardHarness()
  const memberId = stableGroup(harness, 1)[0]?.memberId ?? ''
  const errorOf = (request: {
    groupId?: string
    protocolType?: string | null
    protocolName?: string | null
  }) => harness.sync({ memberId, ...request }, { apiVersion: 5 }).value.errorCode
  const type = { protocolType: 'consumer' }
  const name = { protocolName: 'range' }
  const nothing = { protocolType: null, protocolName: null }
  for (const request of [
    nothing,
    { ...nothing, ...type },
    { ...nothing, ...name },
    { ...nothing, groupId: 'unknown' },
    { ...nothing, groupId: '' },
  ])
    expect(errorOf(request)).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  expect(errorOf({ ...type, ...name })).toBe(ErrorCode.NONE)
  expect(errorOf({ ...type, ...name, groupId: '' })).toBe(ErrorCode.INVALID_GROUP_ID)
})

it('names the protocol and its type in the answer', () => {
  const harness = new ShardHarness()
  const [member] = stableGroup(harness, 1)
  expect(harness.sync({ memberId: member?.memberId ?? '' }).value).toMatchObject({
    protocolType: 'consumer',
    protocolName: 'range',
  })
})

it('fails the generation with UNKNOWN_SERVER_ERROR when its record would be too large, and rebalances', () => {
  const harness = new ShardHarness({ maxPersistedBytes: 5_000, maxMemberMetadataBytes: 1_000 })
  const answers = [joinAsNew(harness), joinAsNew(harness)]
  harness.advance(0)
  const [one = '', two = ''] = answers.map(({ value }) => value.memberId)
  const follower = harness.sync({ memberId: two })
  const leader = harness.sync({
    memberId: one,
    assignments: [{ memberId: two, assignment: Buffer.alloc(5_000) }],
  })
  expect([leader, follower].map(({ value }) => value.errorCode)).toEqual([
    ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.UNKNOWN_SERVER_ERROR,
  ])
  expect(harness.state).toBe('PreparingRebalance')
  expect(harness.log).toHaveLength(0)
})

it('sends parked syncs back to join when somebody new comes before the leader has assigned', () => {
  const harness = new ShardHarness()
  const answers = [joinAsNew(harness), joinAsNew(harness)]
  harness.advance(0)
  const parked = harness.sync({ memberId: answers[1]?.value.memberId ?? '' })
  joinAsNew(harness)
  expect(parked.value.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
})

it('persists nothing before the leader has assigned: a crash goes back to the generation before', () => {
  const harness = new ShardHarness()
  const [leader, follower] = stableGroup(harness, 2)
  harness.join({
    memberId: follower?.memberId ?? '',
    protocols: [{ name: 'range', metadata: Buffer.from('new') }],
  })
  harness.join({ memberId: leader?.memberId ?? '' })
  expect(harness.state).toBe('CompletingRebalance')
  harness.restart()
  expect(harness.state).toBe('Stable')
  expect(harness.heartbeat({ memberId: leader?.memberId ?? '', generationId: 1 }).value.errorCode).toBe(
    ErrorCode.NONE,
  )
  expect(harness.heartbeat({ memberId: leader?.memberId ?? '', generationId: 2 }).value.errorCode).toBe(
    ErrorCode.ILLEGAL_GENERATION,
  )
})
