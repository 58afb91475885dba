import { memoryFileSystem } from '@millrace/log-core'
import {
  deleteGroups,
  describeGroups,
  ErrorCode,
  encodeRequest,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetFetch,
  syncGroup,
} from '@millrace/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerScene } from '../testing/broker-scene.ts'
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts'

let scene: BrokerScene

beforeEach(async () => {
  scene = await BrokerScene.start()
})

afterEach(() => scene.close())

function versions([min, max]: readonly [number, number]): number[] {
  return Array.from({ length: max - min + 1 }, (_, index) => min + index)
}

async function join(version: number, memberId = '', groupId = 'group') {
  return scene.ask(joinGroup, version, {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('metadata') }],
    reason: 'test',
  })
}

/** A member of its own group, with its assignment. */
async function member(joinVersion = 9, groupId = 'group') {
  const first = await join(joinVersion, '', groupId)
  const joined = first.errorCode === ErrorCode.NONE ? first : await join(joinVersion, first.memberId, groupId)
  const { generationId, memberId } = joined
  const assignments = [{ memberId, assignment: Buffer.from('mine') }]
  await scene.ask(syncGroup, 4, { groupId, generationId, memberId, assignments })
  return { ...joined, groupId }
}

async function commit(
  version: number,
  { committedOffset = 7, groupId = 'group', memberId = '', generation = -1 } = {},
) {
  const { topics } = await scene.ask(offsetCommit, version, {
    groupId,
    generationIdOrMemberEpoch: generation,
    memberId,
    topics: [
      {
        name: 'topic',
        partitions: [
          { partitionIndex: 0, committedOffset, committedLeaderEpoch: 4, committedMetadata: 'note' },
        ],
      },
    ],
  })
  return topics[0]?.partitions[0]?.errorCode
}

describe('the life of a member, whichever version it speaks', () => {
  it.each(versions([0, 9]))('JoinGroup %i', async (version) => {
    const first = await join(version)
    expect(first.errorCode).toBe(version >= 4 ? ErrorCode.MEMBER_ID_REQUIRED : ErrorCode.NONE)
    const joined = version >= 4 ? await join(version, first.memberId) : first
    expect(joined).toMatchObject({ errorCode: ErrorCode.NONE, generationId: 1, protocolName: 'range' })
    expect(joined.leader).toBe(joined.memberId)
    expect(joined.protocolType).toBe(version >= 7 ? 'consumer' : null)
    expect(joined.members.map(({ metadata }) => metadata.toString())).toEqual(['metadata'])
  })

  it.each(versions([0, 5]))('SyncGroup %i', async (version) => {
    const { generationId, memberId } = await member()
    const synced = await scene.ask(syncGroup, version, {
      groupId: 'group',
      generationId,
      memberId,
      ...(version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}),
      assignments: [],
    })
    expect(synced).toMatchObject({
      errorCode: ErrorCode.NONE,
      protocolType: version >= 5 ? 'consumer' : null,
    })
    expect(synced.assignment.toString()).toBe('mine')
  })

  it.each(versions([0, 4]))('Heartbeat %i', async (version) => {
    const { generationId, memberId } = await member()
    expect(await scene.ask(heartbeat, version, { groupId: 'group', generationId, memberId })).toMatchObject({
      errorCode: ErrorCode.NONE,
    })
    expect(
      await scene.ask(heartbeat, version, { groupId: 'group', generationId: 9, memberId }),
    ).toMatchObject({
      errorCode: ErrorCode.ILLEGAL_GENERATION,
    })
  })

  it.each(versions([0, 5]))('LeaveGroup %i', async (version) => {
    const { memberId } = await member()
    const leaving = {
      groupId: 'group',
      memberId,
      members: [{ memberId, groupInstanceId: null, reason: 'done' }],
    }
    const left = await scene.ask(leaveGroup, version, leaving)
    expect(left.errorCode).toBe(ErrorCode.NONE)
    expect(left.members.map(({ errorCode }) => errorCode)).toEqual(version >= 3 ? [ErrorCode.NONE] : [])
    const again = await scene.ask(leaveGroup, version, leaving)
    const codes = version >= 3 ? again.members.map(({ errorCode }) => errorCode) : [again.errorCode]
    expect(codes).toEqual([ErrorCode.UNKNOWN_MEMBER_ID])
  })
})

describe('offsets, whichever version is spoken', () => {
  it.each(versions([2, 9]))('OffsetCommit %i', async (version) => {
    expect(await commit(version)).toBe(ErrorCode.NONE)
    const { groups } = await scene.ask(offsetFetch, 8, { groups: [{ groupId: 'group', topics: null }] })
    expect(groups[0]?.topics[0]?.partitions).toEqual([
      {
        partitionIndex: 0,
        committedOffset: 7,
        committedLeaderEpoch: version >= 6 ? 4 : -1,
        metadata: 'note',
        errorCode: ErrorCode.NONE,
      },
    ])
  })

  it.each(versions([1, 7]))('OffsetFetch %i', async (version) => {
    await commit(9)
    const topics = [{ name: 'topic', partitionIndexes: [0, 1] }]
    const fetched = await scene.ask(offsetFetch, version, { groupId: 'group', topics })
    expect(fetched.errorCode).toBe(ErrorCode.NONE)
    const epoch = version >= 5 ? 4 : -1
    expect(fetched.topics[0]?.partitions).toEqual([
      { partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: epoch, metadata: 'note', errorCode: 0 },
      { partitionIndex: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 },
    ])
  })

  it.each(versions([2, 7]))('OffsetFetch %i of all topics', async (version) => {
    await commit(9)
    const fetched = await scene.ask(offsetFetch, version, { groupId: 'group', topics: null })
    expect(fetched.topics.map(({ name }) => name)).toEqual(['topic'])
  })

  it.each([8, 9])('OffsetFetch %i of several groups, one of them unknown', async (version) => {
    await commit(9)
    const topics = [{ name: 'topic', partitionIndexes: [0] }]
    const { groups } = await scene.ask(offsetFetch, version, {
      groups: [
        { groupId: 'unknown', topics },
        { groupId: 'group', topics },
      ],
    })
    const offsets = groups.map(({ groupId, topics: [topic] }) => [
      groupId,
      topic?.partitions[0]?.committedOffset,
    ])
    expect(offsets).toEqual([
      ['unknown', -1],
      ['group', 7],
    ])
  })
})

describe('FindCoordinator', () => {
  it.each(versions([0, 3]))('%i names this broker for a group', async (version) => {
    const found = await scene.ask(findCoordinator, version, { key: 'group', keyType: 0 })
    const [self] = scene.broker.broker.brokers
    expect(found).toMatchObject({
      errorCode: ErrorCode.NONE,
      nodeId: self?.nodeId,
      host: self?.host,
      port: self?.port,
    })
  })

  it.each([4, 5, 6])('%i names it for several groups at once', async (version) => {
    const { coordinators } = await scene.ask(findCoordinator, version, {
      keyType: 0,
      coordinatorKeys: ['one', 'two'],
    })
    expect(coordinators.map(({ errorCode, key }) => [key, errorCode])).toEqual([
      ['one', ErrorCode.NONE],
      ['two', ErrorCode.NONE],
    ])
  })

  it('of an unknown key type is INVALID_REQUEST', async () => {
    expect((await scene.ask(findCoordinator, 2, { key: 'group', keyType: 9 })).errorCode).toBe(
      ErrorCode.INVALID_REQUEST,
    )
  })
})

describe('administration', () => {
  it.each(versions([0, 6]))('DescribeGroups %i', async (version) => {
    const { memberId } = await member()
    const { groups } = await scene.ask(describeGroups, version, { groups: ['group', 'unknown'] })
    expect(groups[0]).toMatchObject({
      errorCode: ErrorCode.NONE,
      groupState: 'Stable',
      protocolData: 'range',
    })
    expect(
      groups[0]?.members.map(({ clientHost, clientId, memberId: id }) => [id, clientId, clientHost]),
    ).toEqual([[memberId, 'test', '/memory']])
    const errorCode = version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE
    expect(groups[1]).toMatchObject({ groupId: 'unknown', groupState: 'Dead', errorCode })
  })

  it('DescribeGroups tells what may be done with a group, when it is asked', async () => {
    await member()
    const told = async (includeAuthorizedOperations: boolean): Promise<number[]> => {
      const request = { groups: ['group', 'unknown'], includeAuthorizedOperations }
      const { groups } = await scene.ask(describeGroups, 6, request)
      return groups.map(({ authorizedOperations }) => authorizedOperations)
    }
    expect(await told(false)).toEqual([OPERATIONS_NOT_ASKED, OPERATIONS_NOT_ASKED])
    // Read, delete, describe, describe and alter configs: what Apache Kafka 4.3 says without an authorizer.
    expect(await told(true)).toEqual([3_400, OPERATIONS_NOT_ASKED])
  })

  it.each(versions([0, 5]))('ListGroups %i', async (version) => {
    await member()
    await commit(9, { groupId: 'committed' })
    const { errorCode, groups } = await scene.ask(listGroups, version, {
      statesFilter: ['stable'],
      typesFilter: ['CLASSIC'],
    })
    expect(errorCode).toBe(ErrorCode.NONE)
    const expected = version >= 4 ? ['group'] : ['committed', 'group']
    expect(groups.map(({ groupId }) => groupId).sort()).toEqual(expected)
    const stable = groups.find(({ groupId }) => groupId === 'group')
    expect(stable).toMatchObject({
      protocolType: 'consumer',
      groupState: version >= 4 ? 'Stable' : '',
      groupType: version >= 5 ? 'classic' : '',
    })
  })

  it.each(versions([0, 2]))('DeleteGroups %i', async (version) => {
    await member()
    await commit(9, { groupId: 'committed' })
    const { results } = await scene.ask(deleteGroups, version, {
      groupsNames: ['group', 'committed', 'unknown', 'unknown'],
    })
    expect(results.map(({ errorCode, groupId }) => [groupId, errorCode])).toEqual([
      ['group', ErrorCode.NON_EMPTY_GROUP],
      ['committed', ErrorCode.NONE],
      ['unknown', ErrorCode.GROUP_ID_NOT_FOUND],
    ])
  })
})

describe('a group id', () => {
  it('that is empty is INVALID_GROUP_ID, but may commit: old consumers did', async () => {
    expect((await join(9, '', '')).errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    const nobody = { groupId: '', generationId: 1, memberId: 'member' }
    expect((await scene.ask(heartbeat, 4, nobody)).errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    const sync = { ...nobody, protocolType: 'consumer', protocolName: 'range', assignments: [] }
    expect((await scene.ask(syncGroup, 5, sync)).errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    // That it names no protocol is looked at first.
    const nameless = await scene.ask(syncGroup, 5, { ...sync, protocolName: null })
    expect(nameless.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    expect((await scene.ask(leaveGroup, 2, { groupId: '', memberId: '' })).errorCode).toBe(
      ErrorCode.INVALID_GROUP_ID,
    )
    expect(await commit(9, { groupId: '' })).toBe(ErrorCode.NONE)
  })

  it.each([['x'.repeat(32_767)], ['two\nlines\0and a zero'], ['grüppe 😀']])(
    'of any characters works',
    async (groupId) => {
      const { generationId, memberId } = await member(9, groupId)
      expect(await commit(9, { groupId, memberId, generation: generationId })).toBe(ErrorCode.NONE)
      const { groups } = await scene.ask(describeGroups, 5, { groups: [groupId] })
      expect(groups[0]).toMatchObject({ groupId, groupState: 'Stable' })
    },
  )
})

it('closes the connection over a name that is no UTF-8 and could not be told back', async () => {
  const request = encodeRequest(
    describeGroups,
    0,
    { correlationId: 1, clientId: 'test' },
    { groups: ['x'.repeat(32_767)] },
  )
  const bytes = Buffer.concat(request).map((byte) => (byte === 0x78 ? 0xff : byte))
  scene.connection.sendRaw(Buffer.from(bytes))
  await scene.broker.quiesce()
  expect(scene.connection.isClosed).toBe(true)
  scene.connection = scene.broker.connect()
  expect((await member()).errorCode).toBe(ErrorCode.NONE)
})

it('gives an id to a client whose own name is as long as names can be', async () => {
  scene.connection.clientId = 'c'.repeat(32_767)
  const { generationId, memberId } = await member()
  expect((await scene.ask(heartbeat, 0, { groupId: 'group', generationId, memberId })).errorCode).toBe(
    ErrorCode.NONE,
  )
})

it('remembers groups and offsets when it is started again', async () => {
  const fileSystem = memoryFileSystem()
  await scene.restart({ fileSystem })
  await scene.broker.createTopic('topic', 3)
  const { generationId, memberId } = await member()
  await commit(9, { committedOffset: 42, memberId, generation: generationId })
  await scene.restart({ fileSystem, clock: scene.broker.clock })
  const { groups } = await scene.ask(offsetFetch, 8, { groups: [{ groupId: 'group', topics: null }] })
  expect(groups[0]?.topics[0]?.partitions[0]?.committedOffset).toBe(42)
  expect((await scene.ask(heartbeat, 4, { groupId: 'group', generationId, memberId })).errorCode).toBe(
    ErrorCode.NONE,
  )
})

it('forgets what was committed for a topic that is deleted', async () => {
  await commit(9)
  await scene.broker.deleteTopic('topic')
  await scene.broker.createTopic('topic', 3)
  const { groups } = await scene.ask(offsetFetch, 8, { groups: [{ groupId: 'group', topics: null }] })
  expect(groups[0]?.topics).toEqual([])
})

it('does not hold up the requests behind a commit on the same connection until the disk is done', async () => {
  const answers = Array.from({ length: 20 }, (_, index) => commit(9, { committedOffset: index }))
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 20 }, () => ErrorCode.NONE))
})

describe('with several nodes', () => {
  it('only the coordinator answers; the others say NOT_COORDINATOR, and FindCoordinator tells which it is', async () => {
    await scene.restart({ nodes: 3, port: 19_092 })
    await scene.broker.createTopic('topic', 3)
    const connections = [0, 1, 2].map((node) => scene.broker.connect(node))
    const { coordinators } = await scene.ask(findCoordinator, 4, { keyType: 0, coordinatorKeys: ['group'] })
    const index = scene.broker.broker.brokers.findIndex(({ nodeId }) => nodeId === coordinators[0]?.nodeId)
    const codes: unknown[] = []
    for (const each of connections) {
      scene.connection = each
      codes.push(await commit(9))
    }
    const expected = [0, 1, 2].map((node) => (node === index ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR))
    expect(codes).toEqual(expected)
    const listed: string[][] = []
    for (const each of connections) {
      scene.connection = each
      listed.push((await scene.ask(listGroups, 5, {})).groups.map(({ groupId }) => groupId))
    }
    expect(listed).toEqual([0, 1, 2].map((node) => (node === index ? ['group'] : [])))
  })
})
