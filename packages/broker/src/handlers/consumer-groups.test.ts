import { memoryFileSystem } from '@millrace/log-core'
import {
  type ConsumerGroupHeartbeatRequestInput,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  ErrorCode,
  encodeRequest,
  findCoordinator,
  incrementalAlterConfigs,
  listGroups,
  offsetCommit,
  offsetFetch,
} from '@millrace/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerScene } from '../testing/broker-scene.ts'
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts'

let scene: BrokerScene

beforeEach(async () => {
  scene = await BrokerScene.start()
})

afterEach(() => scene.close())

const nothingNew = {
  groupId: 'group',
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: null,
} as const

function beat(said: Partial<ConsumerGroupHeartbeatRequestInput>, version = 1) {
  return scene.ask(consumerGroupHeartbeat, version, {
    ...nothingNew,
    memberId: 'member',
    memberEpoch: 0,
    ...said,
  })
}

function join(said: Partial<ConsumerGroupHeartbeatRequestInput> = {}, version = 1) {
  return beat(
    { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['topic'], topicPartitions: [], ...said },
    version,
  )
}

async function describeGroup(version = 1, groupId = 'group', includeAuthorizedOperations = false) {
  const { groups } = await scene.ask(consumerGroupDescribe, version, {
    groupIds: [groupId],
    includeAuthorizedOperations,
  })
  return groups[0]
}

it('ConsumerGroupDescribe tells what may be done with a group, when it is asked', async () => {
  await join()
  expect((await describeGroup())?.authorizedOperations).toBe(OPERATIONS_NOT_ASKED)
  expect((await describeGroup(1, 'group', true))?.authorizedOperations).toBe(3_400)
  expect((await describeGroup(1, 'unknown', true))?.authorizedOperations).toBe(OPERATIONS_NOT_ASKED)
})

describe('a member of a KIP-848 group', () => {
  it.each([0, 1])('joins, is assigned, beats and leaves in version %i', async (version) => {
    const joined = await join(version === 0 ? { memberId: '' } : {}, version)
    expect(joined).toMatchObject({ errorCode: ErrorCode.NONE, memberEpoch: 1, heartbeatIntervalMs: 5_000 })
    expect(joined.assignment?.topicPartitions[0]?.partitions).toEqual([0, 1, 2])
    const { memberId } = joined
    if (memberId === null) throw new Error('no member id')
    const again = await beat({ memberId, memberEpoch: 1 }, version)
    expect(again).toMatchObject({ errorCode: ErrorCode.NONE, memberEpoch: 1, assignment: null })
    expect(await beat({ memberId, memberEpoch: -1 }, version)).toMatchObject({
      errorCode: ErrorCode.NONE,
      memberEpoch: -1,
    })
    expect(await describeGroup()).toMatchObject({ groupState: 'Empty', members: [] })
  })

  it('is told why it is refused', async () => {
    const refused = await join({ serverAssignor: 'best' })
    expect(refused.errorCode).toBe(ErrorCode.UNSUPPORTED_ASSIGNOR)
    expect(refused.errorMessage).toContain('uniform, range')
    // Word by word what Kafka 4.3 answered.
    expect(await join({ subscribedTopicNames: null, subscribedTopicRegex: '(' })).toMatchObject({
      errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION,
      errorMessage: 'SubscribedTopicRegex `(` is not a valid regular expression: missing closing ).',
    })
  })

  it('has its share of a topic that is created or grows by its next heartbeat', async () => {
    await join({ subscribedTopicNames: null, subscribedTopicRegex: 'new-.*' })
    expect((await beat({ memberEpoch: 1 })).assignment).toBeNull()
    await scene.broker.createTopic('new-one', 2)
    const { assignment, memberEpoch } = await beat({ memberEpoch: 1 })
    expect(memberEpoch).toBe(2)
    expect(assignment?.topicPartitions.map(({ partitions }) => partitions)).toEqual([[0, 1]])
  })

  it('commits and fetches under its epoch', async () => {
    await join()
    const commit = (generationIdOrMemberEpoch: number) =>
      scene.ask(offsetCommit, 9, {
        groupId: 'group',
        memberId: 'member',
        generationIdOrMemberEpoch,
        topics: [
          { name: 'topic', partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }] },
        ],
      })
    const code = async (epoch: number) => (await commit(epoch)).topics[0]?.partitions[0]?.errorCode
    expect([await code(1), await code(2)]).toEqual([ErrorCode.NONE, ErrorCode.STALE_MEMBER_EPOCH])
    const fetch = (memberEpoch: number) =>
      scene.ask(offsetFetch, 9, {
        groups: [{ groupId: 'group', memberId: 'member', memberEpoch, topics: null }],
      })
    expect((await fetch(1)).groups[0]?.topics[0]?.partitions[0]?.committedOffset).toBe(7)
    expect((await fetch(2)).groups[0]?.errorCode).toBe(ErrorCode.STALE_MEMBER_EPOCH)
  })

  it('is out after group.consumer.session.timeout.ms, and so is told', async () => {
    await join()
    await scene.broker.clock.advance(45_001)
    expect((await beat({ memberEpoch: 1 })).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('is still there after a restart of the broker', async () => {
    const fileSystem = memoryFileSystem()
    await scene.restart({ fileSystem })
    await scene.broker.createTopic('topic', 3)
    await join()
    await scene.restart({ fileSystem, clock: scene.broker.clock })
    expect(await beat({ memberEpoch: 1 })).toMatchObject({ errorCode: ErrorCode.NONE, memberEpoch: 1 })
  })

  it('has the times that its group was configured with', async () => {
    const { responses } = await scene.ask(incrementalAlterConfigs, 1, {
      resources: [
        {
          resourceType: 32,
          resourceName: 'group',
          configs: [{ name: 'consumer.heartbeat.interval.ms', configOperation: 0, value: '7000' }],
        },
      ],
      validateOnly: false,
    })
    expect(responses[0]?.errorCode).toBe(ErrorCode.NONE)
    expect((await join()).heartbeatIntervalMs).toBe(7_000)
  })

  it('is settled by what the broker was configured with', async () => {
    await scene.restart({
      config: { 'group.consumer.max.size': '1', 'group.consumer.assignors': 'range' },
    })
    await scene.broker.createTopic('topic', 3)
    expect((await join()).errorCode).toBe(ErrorCode.NONE)
    expect((await describeGroup())?.assignorName).toBe('range')
    expect((await join({ memberId: 'other' })).errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED)
  })
})

describe('ConsumerGroupDescribe', () => {
  it.each([0, 1])('%i tells epochs, members and assignments', async (version) => {
    await join({ rackId: 'rack' })
    const partitions = { topicName: 'topic', partitions: [0, 1, 2] }
    expect(await describeGroup(version)).toMatchObject({
      errorCode: ErrorCode.NONE,
      groupState: 'Stable',
      groupEpoch: 1,
      assignmentEpoch: 1,
      assignorName: 'uniform',
      members: [
        {
          memberId: 'member',
          rackId: 'rack',
          memberEpoch: 1,
          clientId: 'test',
          clientHost: '/memory',
          subscribedTopicNames: ['topic'],
          assignment: { topicPartitions: [partitions] },
          targetAssignment: { topicPartitions: [partitions] },
          memberType: version >= 1 ? 1 : -1,
        },
      ],
    })
  })

  it('knows no other group, and none without a name', async () => {
    expect((await describeGroup(1, 'unknown'))?.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    expect((await describeGroup(1, ''))?.errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
  })

  it('shows what ListGroups lists as a group of consumers', async () => {
    await join()
    const { groups } = await scene.ask(listGroups, 5, { statesFilter: [], typesFilter: ['consumer'] })
    expect(groups).toMatchObject([{ groupId: 'group', groupType: 'consumer', groupState: 'Stable' }])
  })
})

it('closes the connection over names that are no UTF-8 and could not be stored', async () => {
  const body = { ...nothingNew, memberId: 'x'.repeat(32_767), memberEpoch: 1 }
  const request = encodeRequest(consumerGroupHeartbeat, 1, { correlationId: 1, clientId: 'test' }, body)
  const bytes = Buffer.concat(request).map((byte) => (byte === 0x78 ? 0xff : byte))
  scene.connection.sendRaw(Buffer.from(bytes))
  await scene.broker.quiesce()
  expect(scene.connection.isClosed).toBe(true)
})

it('takes names as long as names can be', async () => {
  const long = 'x'.repeat(32_767)
  expect((await join({ groupId: long, memberId: long, instanceId: long, rackId: long })).errorCode).toBe(
    ErrorCode.NONE,
  )
  expect((await describeGroup(1, long))?.members).toHaveLength(1)
})

it('is answered by the coordinator alone where there are several nodes', async () => {
  await scene.restart({ nodes: 3, port: 19_092 })
  await scene.broker.createTopic('topic', 3)
  const { coordinators } = await scene.ask(findCoordinator, 4, { keyType: 0, coordinatorKeys: ['group'] })
  for (const [index, { nodeId }] of scene.broker.broker.brokers.entries()) {
    scene.connection = scene.broker.connect(index)
    const code = nodeId === coordinators[0]?.nodeId ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR
    expect((await join()).errorCode).toBe(code)
    expect((await describeGroup())?.errorCode).toBe(code)
  }
})
