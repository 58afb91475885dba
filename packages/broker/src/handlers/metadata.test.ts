import { memoryFileSystem } from '@millrace/log-core'
import {
  createTopics,
  deleteTopics,
  ErrorCode,
  type MetadataRequestInput,
  metadata,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'
import type { TestConnection } from '../testing/test-connection.ts'

async function ask(
  broker: TestBroker,
  names: readonly string[] | null,
  { version = 9, allowAutoTopicCreation = false, connection = broker.connect() } = {} as {
    version?: number
    allowAutoTopicCreation?: boolean
    connection?: TestConnection
  },
) {
  const topics = names === null ? null : names.map((name) => ({ name }))
  return broker.settle(connection.request(metadata, version, { topics, allowAutoTopicCreation }))
}

describe('Metadata (trap 7)', () => {
  it('takes null for all topics and an empty list for none, but in v0 an empty list for all', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('a')
    await broker.createTopic('b')
    expect((await ask(broker, [], { version: 0 })).topics.map(({ name }) => name)).toEqual(['a', 'b'])
    for (const version of [1, 4, 8, 9, 12, 13]) {
      expect((await ask(broker, null, { version })).topics.map(({ name }) => name)).toEqual(['a', 'b'])
      expect((await ask(broker, [], { version })).topics).toEqual([])
    }
  })

  it('lists a topic that somebody else makes when its partitions have leaders, and not before', async () => {
    const fileSystem = memoryFileSystem()
    const sync = fileSystem.syncDirectory.bind(fileSystem)
    const held = Promise.withResolvers<void>()
    fileSystem.syncDirectory = async (path) => {
      if (path.includes('/new-')) await held.promise
      await sync(path)
    }
    await using broker = await TestBroker.start({ fileSystem })
    await broker.createTopic('old')
    const asked = { numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
    const making = broker
      .connect()
      .request(createTopics, 7, { topics: [{ name: 'new', ...asked }], timeoutMs: 1000, validateOnly: false })
    await ask(broker, ['old'])
    expect((await ask(broker, ['new'])).topics[0]?.partitions[0]?.errorCode).toBe(
      ErrorCode.LEADER_NOT_AVAILABLE,
    )
    expect((await ask(broker, null)).topics.map(({ name }) => name)).toEqual(['old'])
    held.resolve()
    await broker.settle(making)
    expect((await ask(broker, null)).topics.map(({ name }) => name)).toEqual(['old', 'new'])
  })

  it('tells a constant cluster id, and a controller that is one of the brokers', async () => {
    await using broker = await TestBroker.start()
    const first = await ask(broker, null, { version: 2 })
    const second = await ask(broker, null, { version: 12 })
    expect(first.clusterId).toMatch(/^[\w-]{22}$/)
    expect(second.clusterId).toBe(first.clusterId)
    expect(first.brokers.map(({ nodeId }) => nodeId)).toContain(first.controllerId)
  })

  it('tells leaders, replicas, an epoch of at least 0 and a topic id that is not zero', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('t', 2)
    const { topics } = await ask(broker, ['t'], { version: 12 })
    expect(topics).toHaveLength(1)
    expect(topics[0]).toMatchObject({ errorCode: ErrorCode.NONE, name: 't', topicId, isInternal: false })
    expect(topics[0]?.topicAuthorizedOperations).toBe(-(2 ** 31))
    expect(topics[0]?.partitions).toEqual(
      [0, 1].map((partitionIndex) => ({
        errorCode: ErrorCode.NONE,
        partitionIndex,
        leaderId: 1,
        leaderEpoch: 0,
        replicaNodes: [1],
        isrNodes: [1],
        offlineReplicas: [],
      })),
    )
  })

  it('finds topics by id from v12, and answers an unknown id with UNKNOWN_TOPIC_ID', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('t')
    const unknown = 'AAAAAAAAAAAAAAAAAAAAAg'
    const request = {
      topics: [
        { topicId, name: null },
        { topicId: unknown, name: null },
      ],
    }
    const { topics } = await broker.settle(broker.connect().request(metadata, 12, request))
    expect(topics.map(({ errorCode, name, topicId: id }) => ({ errorCode, name, id }))).toEqual([
      { errorCode: ErrorCode.NONE, name: 't', id: topicId },
      { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, id: unknown },
    ])
  })

  it('answers each topic once, what it found first (as seen at Kafka)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('a')
    await broker.createTopic('b')
    for (const version of [0, 4, 9, 12, 13]) {
      const names = ['b', 'a/b', 'a', 'b', 'a/b']
      const { topics } = await ask(broker, names, { version })
      expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
        ['b', ErrorCode.NONE],
        ['a', ErrorCode.NONE],
        ['a/b', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ])
    }
  })

  it('looks at no name where an id is given, and refuses ids before v12 (as seen at Kafka)', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('a')
    await broker.createTopic('b')
    const asked = [{ topicId, name: 'b' }, { name: 'b' }, { topicId, name: null }]
    const told = async (version: number, topics: MetadataRequestInput['topics']) => {
      const answer = await broker.settle(broker.connect().request(metadata, version, { topics }))
      return answer.topics.map(({ name, errorCode }) => [name, errorCode])
    }
    expect(await told(12, asked)).toEqual([['a', ErrorCode.NONE]])
    expect(await told(10, asked)).toEqual([
      ['b', ErrorCode.INVALID_REQUEST],
      ['b', ErrorCode.INVALID_REQUEST],
      ['', ErrorCode.INVALID_REQUEST],
    ])
    expect(await told(12, [{ name: null }])).toEqual([['', ErrorCode.INVALID_REQUEST]])
  })

  it('lets others have their answers before that to a request for everything', async () => {
    await using broker = await TestBroker.start()
    for (const name of ['a', 'b', 'c']) await broker.createTopic(name, 500)
    const answered: string[] = []
    const [greedy, modest] = [broker.connect(), broker.connect()]
    const all = ask(broker, null, { connection: greedy }).then(({ topics }) => {
      answered.push(`all ${topics.length}`)
    })
    const one = ask(broker, ['a'], { connection: modest }).then(() => answered.push('one'))
    await Promise.all([all, one])
    expect(answered).toEqual(['one', 'all 3'])
  })

  it('tells what is allowed only to whoever asks', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const request = {
      topics: [{ name: 't' }],
      includeTopicAuthorizedOperations: true,
      includeClusterAuthorizedOperations: true,
    }
    const reply = await broker.settle(broker.connect().request(metadata, 10, request))
    // The bit fields that Kafka without an authorizer answers.
    expect(reply.topics[0]?.topicAuthorizedOperations).toBe(3576)
    expect(reply.clusterAuthorizedOperations).toBe(8096)
  })

  it('tells a topic that was created in the very next answer, and one that was deleted no more', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    const first = await broker.createTopic('t')
    expect((await ask(broker, null, { connection })).topics).toHaveLength(1)
    await broker.settle(connection.request(deleteTopics, 4, { topicNames: ['t'], timeoutMs: 0 }))
    expect((await ask(broker, null, { connection })).topics).toEqual([])
    const second = await broker.createTopic('t')
    expect(second).not.toBe(first)
  })
})

describe('the advertised address (trap 5)', () => {
  it('is localhost and the bound port, literally', async () => {
    await using broker = await TestBroker.start({ port: 9092 })
    expect((await ask(broker, null)).brokers).toEqual([
      { nodeId: 1, host: 'localhost', port: 9092, rack: null },
    ])
    expect(broker.broker.bootstrapServers).toBe('localhost:9092')
  })

  it('is that of the listener which the request came in on', async () => {
    await using broker = await TestBroker.start({
      listeners: ['INSIDE://127.0.0.1:7001', 'OUTSIDE://0.0.0.0:7002'],
      config: {
        'advertised.listeners': 'OUTSIDE://log.example.com:443',
        'node.id': '0',
        'broker.rack': 'r1',
      },
    })
    const inside = broker.connectTo({ host: '127.0.0.1', port: 7001 })
    const outside = broker.connectTo({ host: '0.0.0.0', port: 7002 })
    expect((await ask(broker, null, { connection: inside })).brokers).toEqual([
      { nodeId: 0, host: '127.0.0.1', port: 7001, rack: 'r1' },
    ])
    expect((await ask(broker, null, { connection: outside })).brokers).toEqual([
      { nodeId: 0, host: 'log.example.com', port: 443, rack: 'r1' },
    ])
  })
})

describe('automatic creation in Metadata (trap 10)', () => {
  it('creates what is named and answers with leaders at once', async () => {
    await using broker = await TestBroker.start({ config: { 'num.partitions': '3' } })
    const { topics } = await ask(broker, ['made'], { allowAutoTopicCreation: true })
    expect(topics[0]?.errorCode).toBe(ErrorCode.NONE)
    expect(topics[0]?.partitions.map(({ leaderId }) => leaderId)).toEqual([1, 1, 1])
  })

  it('creates before v4, where the request cannot forbid it', async () => {
    await using broker = await TestBroker.start()
    const { topics } = await ask(broker, ['made'], { version: 3 })
    expect(topics[0]?.errorCode).toBe(ErrorCode.NONE)
  })

  it('creates nothing when the request or the configuration forbids it', async () => {
    await using broker = await TestBroker.start({ config: { 'auto.create.topics.enable': 'false' } })
    const { topics } = await ask(broker, ['made'], { allowAutoTopicCreation: true })
    expect(topics[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    await using other = await TestBroker.start()
    expect((await ask(other, ['made'])).topics[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    expect((await ask(other, null)).topics).toEqual([])
  })

  it('answers two requests for the same new topic with the same topic', async () => {
    await using broker = await TestBroker.start()
    const asked = [broker.connect(), broker.connect()].map((connection) =>
      connection.request(metadata, 10, { topics: [{ name: 'made' }], allowAutoTopicCreation: true }),
    )
    const replies = await broker.settle(Promise.all(asked))
    for (const { topics } of replies) {
      expect([ErrorCode.NONE, ErrorCode.LEADER_NOT_AVAILABLE]).toContain(topics[0]?.errorCode)
    }
    expect((await ask(broker, null)).topics).toHaveLength(1)
  })

  const hostileNames = ['', '.', '..', 'a/b', '../x', 'a b', 'ü', 'x'.repeat(250), 'a\u0000b', 'a\\b', 'a:b']
  it.each(hostileNames)(
    'answers the name %j with INVALID_TOPIC_EXCEPTION and creates nothing',
    async (name) => {
      await using broker = await TestBroker.start()
      const before = broker.fileSystem.list('/data').length
      const { topics } = await ask(broker, [name], { allowAutoTopicCreation: true })
      expect(topics[0]?.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
      const created = await broker.settle(
        broker.connect().request(createTopics, 5, {
          topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        }),
      )
      expect(created.topics[0]?.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
      expect(broker.fileSystem.list('/data')).toHaveLength(before)
    },
  )
})
