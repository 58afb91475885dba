import { ErrorCode } from '@millrace/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConsumerClient } from '../testing/consumer-client.ts'
import { ShardHarness } from '../testing/shard-harness.ts'

let harness: ShardHarness
let one: ConsumerClient
let two: ConsumerClient

/** `one` is to let go of 5 to 9, for which `two` waits, and has not confirmed. */
beforeEach(() => {
  harness = new ShardHarness()
  one = new ConsumerClient(harness, 'one', { instanceId: 'fixed', rebalanceTimeoutMs: 20_000 }).beat()
  two = new ConsumerClient(harness, 'two').beat()
  one.beat()
  expect([one.epoch, one.partitions, two.partitions]).toEqual([1, [0, 1, 2, 3, 4], []])
})

describe('a member that is letting go of partitions', () => {
  it('has let go of them when it goes away to come back, and of the rest it has not', () => {
    one.leave(-2)
    expect([...harness.timers.keys()].map(({ kind }) => kind)).not.toContain('rebalance')
    two.beat()
    expect(two.partitions).toEqual([5, 6, 7, 8, 9])
  })

  it('is out after its rebalance timeout, though the broker was restarted and it says that it is alive', () => {
    harness.restart()
    const owned = harness.describeConsumer().members.length
    for (let passed = 0; passed < 21_000; passed += 3_000) {
      harness.beat({ memberId: 'one', memberEpoch: 1, instanceId: 'fixed' })
      two.beat()
      harness.advance(3_000)
    }
    expect([owned, harness.describeConsumer().members.length]).toEqual([2, 1])
  })

  it('lets go of the others too when it subscribes to something else, and they are free when it says so', () => {
    harness.addTopic('other', 1)
    const topicId = harness.topics.find('topic')?.topicId ?? ''
    const owned = [{ topicId, partitions: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]
    one.beat({ subscribedTopicNames: ['other'], topicPartitions: owned })
    two.beat()
    expect(two.partitions).toEqual([])
    one.beat({ topicPartitions: [] })
    two.beat().beat()
    expect(two.partitions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('may commit for them still, also under the epoch before its own', () => {
    const three = new ConsumerClient(harness, 'three')
    one.beat()
    expect(one.epoch).toBe(2)
    three.beat()
    one.beat()
    const revoked = [0, 1, 2, 3, 4].filter((partition) => !one.partitions.includes(partition))
    expect(revoked.length).toBeGreaterThan(0)
    const errors = [...revoked, 9].map((partitionIndex) => {
      const place = { partitionIndex, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null }
      const topics = [{ name: 'topic', topicId: '', partitions: [place] }]
      const commit = harness.commit({ memberId: 'one', generationIdOrMemberEpoch: 1, topics })
      return commit.value.topics[0]?.partitions[0]?.errorCode
    })
    expect(errors).toEqual([...revoked.map(() => ErrorCode.NONE), ErrorCode.STALE_MEMBER_EPOCH])
  })
})
