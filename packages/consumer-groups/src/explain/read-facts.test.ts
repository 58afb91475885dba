import { beforeEach, describe, expect, it } from 'vitest'
import { ConsumerClient } from '../testing/consumer-client.ts'
import { GROUP, ShardHarness } from '../testing/shard-harness.ts'
import { assignment } from '../testing/subscription.ts'
import type { ShardGroupFacts } from './group-facts.ts'
import { InstanceRefusals } from './instance-refusals.ts'

let harness: ShardHarness
beforeEach(() => {
  harness = new ShardHarness()
})

function facts(): ShardGroupFacts {
  const { nowMs, shard, timers } = harness
  const leftMs = (timer: Parameters<typeof timers.get>[0]): number | null => {
    const deadlineMs = timers.get(timer)
    return deadlineMs === undefined ? null : deadlineMs - nowMs
  }
  const found = shard.facts(GROUP, { nowMs, leftMs })
  if (found === null) throw new Error('there is no such group')
  return found
}

describe('a static member that another has replaced is told about, whichever request it finds out by', () => {
  it.each(['heartbeat', 'sync', 'join', 'commit'] as const)('%s', (by) => {
    const groupInstanceId = 'desk'
    const joined = harness.join({ groupInstanceId })
    harness.advance(0)
    const former = { memberId: joined.value.memberId, groupInstanceId }
    harness.sync({ ...former, assignments: [] })
    const holder = harness.join({ groupInstanceId }).value.memberId
    expect(facts().refusedInstances).toEqual([])
    const request = { ...former, generationIdOrMemberEpoch: 1 }
    harness[by](request)
    harness.nowMs += 3_000
    expect(facts().refusedInstances).toEqual([
      { instanceId: 'desk', refusedMemberId: former.memberId, holderMemberId: holder, agoMs: 3_000 },
    ])
  })
})

it('remembers no more than a hundred members that were turned away, the last', () => {
  const refusals = new InstanceRefusals()
  for (let index = 0; index < 150; index++)
    refusals.note(`desk-${index}`, { refusedMemberId: 'one', holderMemberId: 'two', timestampMs: index })
  const names = [...refusals.entries()].map(([instanceId]) => instanceId)
  expect([names.length, names[0], names.at(-1)]).toEqual([100, 'desk-50', 'desk-149'])
})

it('counts the partitions of each member, and names the patterns that match nothing', () => {
  const joined = harness.join({}, { apiVersion: 3 })
  harness.advance(0)
  const { memberId } = joined.value
  harness.sync({ memberId, assignments: [{ memberId, assignment: assignment('topic', [0, 1, 2]) }] })
  expect(facts().members).toMatchObject([{ memberId, assignedCount: 3 }])
  harness = new ShardHarness()
  for (const [memberId, subscribedTopicRegex] of [
    ['one', 'top.*'],
    ['two', 'nothing.*'],
  ] as const) {
    new ConsumerClient(harness, memberId, { subscribedTopicNames: [], subscribedTopicRegex }).beat()
  }
  expect(facts().unmatchedPatterns).toEqual(['nothing.*'])
})

describe('who holds a KIP-848 group', () => {
  it('is a member that has sent no heartbeat since partitions were given out anew', () => {
    new ConsumerClient(harness, 'one').beat()
    expect(facts().holders).toEqual([])
    harness.nowMs += 5_000
    const two = new ConsumerClient(harness, 'two').beat()
    expect(two.partitions).toEqual([])
    expect(facts().holders).toEqual([{ memberId: 'one', what: 'heartbeat', leftMs: 40_000 }])
  })

  it('is a static member that is away, for as long as its session lasts', () => {
    const one = new ConsumerClient(harness, 'one', { instanceId: 'desk' }).beat()
    harness.beat({ ...one.join, memberId: 'one', memberEpoch: -2 })
    harness.nowMs += 5_000
    expect(facts().holders).toEqual([{ memberId: 'one', what: 'return', leftMs: 40_000 }])
  })
})
