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

describe('trap 32: a member that joins', () => {
  it('has all partitions after its first heartbeat when it is alone', () => {
    const one = member('one').beat()
    expect(one.errorCode).toBe(ErrorCode.NONE)
    expect(one.epoch).toBe(1)
    expect(one.partitions).toEqual(everything(10))
    expect(harness.state).toBe('Stable')
  })

  it('is told the interval of its heartbeats, and its assignment only when that changes', () => {
    const answer = harness.beat({ ...member('one').join, memberId: 'one', topicPartitions: [] })
    expect(answer).toMatchObject({ heartbeatIntervalMs: 5_000, memberId: 'one' })
    expect(harness.beat({ memberId: 'one', memberEpoch: 1 }).assignment).toBeNull()
  })

  it('is told its assignment again when it sends a full request: it is not sure any more', () => {
    const one = member('one').beat()
    const full = { ...one.join, memberId: 'one', memberEpoch: 1, topicPartitions: [] }
    expect(harness.beat(full).assignment?.topicPartitions[0]?.partitions).toEqual(everything(10))
  })

  it('waits for partitions until their owner has confirmed that it let go', () => {
    const one = member('one').beat()
    const two = member('two').beat()
    expect([two.epoch, two.partitions]).toEqual([2, []])
    one.beat()
    expect([one.epoch, one.partitions]).toEqual([1, [0, 1, 2, 3, 4]])
    two.beat()
    expect(two.partitions).toEqual([])
    one.beat()
    expect(one.epoch).toBe(2)
    two.beat()
    expect(two.partitions).toEqual([5, 6, 7, 8, 9])
    expect(harness.state).toBe('Stable')
  })

  it('may leave the choice of its id to the broker in version 0, but not in version 1', () => {
    const join = { ...member('').join, memberId: '', topicPartitions: [] }
    expect(harness.beat(join, { apiVersion: 1 }).errorCode).toBe(ErrorCode.INVALID_REQUEST)
    expect(harness.beat(join, { apiVersion: 0 }).memberId).toBe('uuid-1')
  })
})

describe('a group with a configuration of its own', () => {
  it('has its own session timeout and heartbeat interval, from the next heartbeat on', () => {
    const one = member('one').beat()
    harness.groupTimes = { consumerSessionTimeoutMs: 60_000, consumerHeartbeatIntervalMs: 9_000 }
    const answer = harness.beat({ memberId: 'one', memberEpoch: one.epoch })
    expect(answer.heartbeatIntervalMs).toBe(9_000)
    harness.advance(59_999)
    expect(harness.describeConsumer().members).toHaveLength(1)
    harness.advance(1)
    expect(harness.describeConsumer().members).toHaveLength(0)
  })

  it('has it after a restart too', () => {
    harness.groupTimes = { consumerSessionTimeoutMs: 60_000 }
    member('one').beat()
    harness.restart()
    harness.advance(59_999)
    expect(harness.describeConsumer().members).toHaveLength(1)
  })
})

describe('a heartbeat that makes no sense', () => {
  const join = {
    memberId: 'one',
    rebalanceTimeoutMs: 1_000,
    subscribedTopicNames: ['topic'],
    topicPartitions: [],
  }

  it.each([
    ['no group id', { ...join, groupId: '' }],
    ['an empty instance id', { ...join, instanceId: '' }],
    ['an empty rack', { ...join, rackId: '' }],
    ['a join without a rebalance timeout', { ...join, rebalanceTimeoutMs: -1 }],
    [
      'a join that owns something',
      { ...join, topicPartitions: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [0] }] },
    ],
    ['a join that does not say what it owns', { ...join, topicPartitions: null }],
    ['a join without a subscription', { ...join, subscribedTopicNames: null }],
    ['a static leave without an instance', { ...join, memberEpoch: -2 }],
    ['an epoch below -2', { ...join, memberEpoch: -3 }],
  ])('%s is INVALID_REQUEST, and nothing is remembered', (_what, request) => {
    expect(harness.beat(request).errorCode).toBe(ErrorCode.INVALID_REQUEST)
    expect([harness.log.length, harness.shard.groups.size, harness.timers.size]).toEqual([0, 0, 0])
  })

  it('that names an assignor that is not there is UNSUPPORTED_ASSIGNOR, with the names of those that are', () => {
    const answer = harness.beat({ ...join, serverAssignor: 'sticky' })
    expect(answer.errorCode).toBe(ErrorCode.UNSUPPORTED_ASSIGNOR)
    expect(answer.errorMessage).toContain('uniform, range')
  })

  it('of a group that does not exist is GROUP_ID_NOT_FOUND, unless it joins', () => {
    expect(harness.beat({ memberId: 'one', memberEpoch: 3 }).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    expect(harness.beat({ memberId: 'one', memberEpoch: -1 }).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
  })

  it('above group.consumer.max.size is GROUP_MAX_SIZE_REACHED, but not for who is in', () => {
    harness = new ShardHarness({ consumerGroupMaxSize: 1 })
    const one = member('one').beat()
    expect(member('two').beat().errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
    expect(one.beat().errorCode).toBe(ErrorCode.NONE)
  })
})

describe('trap 32: epochs', () => {
  it('a member with an epoch that is still to come is fenced', () => {
    member('one').beat()
    expect(harness.beat({ memberId: 'one', memberEpoch: 2 }).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH)
  })

  it('a member that missed an answer may come with its epoch before, if it owns nothing that it should not', () => {
    const one = member('one').beat()
    const topicId = one.owned[0]?.topicId ?? ''
    const two = member('two').beat()
    settle(one, two)
    expect(one.epoch).toBe(2)
    const missed = { memberId: 'one', memberEpoch: 1, topicPartitions: [{ topicId, partitions: [0, 1] }] }
    expect(harness.beat(missed)).toMatchObject({ errorCode: ErrorCode.NONE, memberEpoch: 2 })
    const greedy = { ...missed, topicPartitions: [{ topicId, partitions: [0, 9] }] }
    expect(harness.beat(greedy).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH)
    expect(harness.beat({ ...missed, topicPartitions: null }).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH)
  })

  it('a member of whom nothing is known is UNKNOWN_MEMBER_ID', () => {
    member('one').beat()
    expect(harness.beat({ memberId: 'two', memberEpoch: 1 }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('a fenced member gets everything back when it joins again with nothing', () => {
    const one = member('one').beat()
    one.epoch = 0
    one.owned = []
    one.beat()
    expect([one.epoch, one.partitions]).toEqual([1, everything(10)])
  })
})

describe('a member that goes', () => {
  it('frees its partitions at once', () => {
    const [one, two] = [member('one'), member('two')]
    settle(one, two)
    two.leave()
    one.beat()
    expect(one.partitions).toEqual(everything(10))
  })

  it('because it was silent for its session, frees them too', () => {
    const [one, two] = [member('one'), member('two')]
    settle(one, two)
    harness.advance(40_000)
    one.beat()
    harness.advance(5_001)
    one.beat()
    expect(one.partitions).toEqual(everything(10))
    expect(two.beat().errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('because it did not let go within its rebalance timeout, frees them too', () => {
    const one = member('one', { rebalanceTimeoutMs: 20_000 }).beat()
    const two = member('two').beat()
    for (let passed = 0; passed < 27_000; passed += 3_000) {
      harness.advance(3_000)
      harness.beat({ memberId: 'one', memberEpoch: 1 })
      two.beat()
    }
    expect(harness.beat({ memberId: 'one', memberEpoch: 1 }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(one.epoch).toBe(1)
    expect(two.partitions).toEqual(everything(10))
  })

  it('leaves an empty group with its epoch behind', () => {
    const one = member('one').beat()
    one.leave()
    expect(harness.state).toBe('Empty')
    expect(one.beat().epoch).toBe(3)
  })
})

describe('static members', () => {
  const fixed = { instanceId: 'fixed' }

  it('that say they will be back keep their partitions, and their successor has them at once', () => {
    const one = member('one', fixed)
    const two = member('two')
    settle(one, two)
    const had = one.partitions
    one.leave(-2)
    two.beat().beat()
    expect(two.partitions).toHaveLength(5)
    const successor = member('three', fixed).beat()
    expect(successor.partitions).toEqual(had)
    two.beat()
    expect(two.partitions).toHaveLength(5)
  })

  it('that are not back within their session lose them', () => {
    const one = member('one', fixed)
    const two = member('two')
    settle(one, two)
    one.leave(-2)
    harness.advance(44_000)
    two.beat()
    harness.advance(2_000)
    two.beat()
    expect(two.partitions).toEqual(everything(10))
  })

  it('cannot be replaced while they are there: UNRELEASED_INSTANCE_ID', () => {
    member('one', fixed).beat()
    expect(member('two', fixed).beat().errorCode).toBe(ErrorCode.UNRELEASED_INSTANCE_ID)
  })

  it('are fenced once their successor is in: FENCED_INSTANCE_ID', () => {
    const one = member('one', fixed).beat()
    one.leave(-2)
    member('two', fixed).beat()
    const late = { memberId: 'one', memberEpoch: 1, instanceId: 'fixed' }
    expect(harness.beat(late).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect(harness.beat({ ...late, memberEpoch: -1 }).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
  })

  it('may join again under the id that they have: they were fenced by epoch, not by instance', () => {
    const one = member('one', fixed).beat()
    one.epoch = 0
    expect(one.beat()).toMatchObject({ errorCode: ErrorCode.NONE, epoch: 1 })
  })
})

describe('subscriptions', () => {
  it('a topic that is created, grows or goes reaches members within a heartbeat', () => {
    const one = member('one', { subscribedTopicNames: ['topic', 'later'] }).beat()
    expect(one.partitions).toEqual(everything(10))
    harness.topics.create('later', 2)
    one.beat()
    expect(one.partitions).toHaveLength(12)
    harness.topics.grow('later', 4)
    one.beat()
    expect(one.partitions).toHaveLength(14)
    harness.topics.delete('topic')
    one.beat().beat()
    expect(one.partitions).toEqual(everything(4))
  })

  it('a topic that nobody reads changes nothing', () => {
    const one = member('one').beat()
    harness.topics.create('unrelated', 5)
    one.beat()
    expect([one.epoch, harness.describeConsumer().groupEpoch]).toEqual([1, 1])
  })

  it('a member that subscribes to something else lets go of what it no longer reads at once', () => {
    harness.topics.create('other', 2)
    const one = member('one').beat()
    one.beat({ subscribedTopicNames: ['other'] })
    expect(one.partitions).toEqual([])
    one.beat()
    expect(one.partitions).toEqual([0, 1])
  })

  it('a regular expression is matched by the broker, and again when topics come', () => {
    const one = member('one', { subscribedTopicNames: null, subscribedTopicRegex: 'top.*' }).beat()
    expect(one.partitions).toEqual(everything(10))
    harness.topics.create('topper', 2)
    one.beat()
    expect(one.partitions).toHaveLength(12)
    harness.restart()
    harness.topics.create('topmost', 3)
    one.beat()
    expect(one.partitions).toHaveLength(15)
  })

  it('one that is no regular expression is INVALID_REGULAR_EXPRESSION, and nothing is remembered', () => {
    const one = member('one', { subscribedTopicNames: null, subscribedTopicRegex: '(' }).beat()
    expect(one.errorCode).toBe(ErrorCode.INVALID_REGULAR_EXPRESSION)
    expect(harness.log).toHaveLength(0)
  })

  it('a regular expression that nobody subscribes to any more is forgotten', () => {
    const one = member('one', { subscribedTopicNames: null, subscribedTopicRegex: 'top.*' }).beat()
    member('two').beat()
    one.leave()
    const group = harness.shard.groups.get('group')
    expect(group?.kind === 'consumer' && group.regexes.size).toBe(0)
  })
})

describe('assignors', () => {
  it('the one that most members name is used, uniform where none does', () => {
    const one = member('one').beat()
    expect(harness.describeConsumer().assignorName).toBe('uniform')
    one.beat({ serverAssignor: 'range' })
    expect(harness.describeConsumer().assignorName).toBe('range')
  })

  it('are those of group.consumer.assignors, the first by default', () => {
    harness = new ShardHarness({ consumerAssignors: ['range'] })
    const one = member('one').beat()
    expect(harness.describeConsumer().assignorName).toBe('range')
    expect(one.beat({ serverAssignor: 'uniform' }).errorCode).toBe(ErrorCode.UNSUPPORTED_ASSIGNOR)
  })
})

it('goes on after a restart in the middle of a reconciliation, without ever giving a partition to two', () => {
  const [one, two] = [member('one').beat(), member('two').beat()]
  one.beat()
  harness.restart()
  two.beat()
  expect(two.partitions).toEqual([])
  one.beat()
  two.beat()
  expect([...one.partitions, ...two.partitions]).toEqual(everything(10))
})

it('gives every member of a loaded group one session to show itself', () => {
  const [one, two] = [member('one'), member('two')]
  settle(one, two)
  harness.restart()
  harness.advance(44_000)
  one.beat()
  harness.advance(2_000)
  one.beat()
  expect(one.partitions).toEqual(everything(10))
})
