import { beforeEach, describe, expect, it } from 'vitest'
import { ConsumerClient } from '../testing/consumer-client.ts'
import { GROUP, ShardHarness } from '../testing/shard-harness.ts'
import type { ShardGroupFacts } from './group-facts.ts'

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
