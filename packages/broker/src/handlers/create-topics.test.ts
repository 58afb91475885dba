import {
  type CreateTopicsRequestInput,
  createTopics,
  deleteTopics,
  describeConfigs,
  ErrorCode,
  metadata,
  ZERO_UUID,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'

type AskedTopic = CreateTopicsRequestInput['topics'][number]

function asked(name: string, changes: Partial<AskedTopic> = {}): AskedTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...changes }
}

async function create(
  broker: TestBroker,
  topics: readonly AskedTopic[],
  { version = 7, validateOnly = false } = {},
) {
  const connection = broker.connect()
  return (await broker.settle(connection.request(createTopics, version, { topics, validateOnly }))).topics
}

describe('CreateTopics', () => {
  it('tells the id, the partitions, the replicas and every config, never null (trap 6a)', async () => {
    await using broker = await TestBroker.start()
    const configs = [{ name: 'retention.ms', value: '-1' }]
    const [topic] = await create(broker, [asked('t', { numPartitions: 3, configs })])
    expect(topic).toMatchObject({ errorCode: ErrorCode.NONE, numPartitions: 3, replicationFactor: 1 })
    expect(topic?.topicId).toMatch(/^[\w-]{22}$/)
    const told = new Map(topic?.configs?.map((config) => [config.name, config]))
    expect(told.get('retention.ms')).toMatchObject({ value: '-1', configSource: 1, readOnly: false })
    expect(told.get('segment.bytes')).toMatchObject({ value: '1073741824', configSource: 5 })
    expect(told.get('flush.messages')?.value).toBe('9223372036854775807')
    expect([...told.keys()]).toEqual([...told.keys()].sort())
  })

  it('sends a list of configs for a failed topic too (trap 6a)', async () => {
    await using broker = await TestBroker.start()
    const [topic] = await create(broker, [asked('t', { numPartitions: 0 })])
    expect(topic?.errorCode).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(topic?.configs).toEqual([])
  })

  it('takes the defaults of the broker for -1', async () => {
    await using broker = await TestBroker.start({ config: { 'num.partitions': '5' } })
    const [topic] = await create(broker, [asked('t', { numPartitions: -1, replicationFactor: -1 })], {
      version: 5,
    })
    expect(topic).toMatchObject({ errorCode: ErrorCode.NONE, numPartitions: 5, replicationFactor: 1 })
  })

  it('changes nothing when it only validates', async () => {
    await using broker = await TestBroker.start()
    const [topic] = await create(broker, [asked('t')], { validateOnly: true })
    expect(topic).toMatchObject({ errorCode: ErrorCode.NONE, numPartitions: 1 })
    const { topics } = await broker.settle(broker.connect().request(metadata, 9, { topics: null }))
    expect(topics).toEqual([])
  })

  const refusals: [string, Partial<AskedTopic>, number, RegExp][] = [
    ['no partitions', { numPartitions: 0 }, ErrorCode.INVALID_PARTITIONS, /non-positive/],
    ['-2 partitions', { numPartitions: -2 }, ErrorCode.INVALID_PARTITIONS, /non-positive/],
    ['2^31-1 partitions', { numPartitions: 2 ** 31 - 1 }, ErrorCode.POLICY_VIOLATION, /at most/],
    ['no replicas', { replicationFactor: 0 }, ErrorCode.INVALID_REPLICATION_FACTOR, /larger than 0/],
    [
      'neither, and says first what Kafka says first',
      { numPartitions: 0, replicationFactor: 0 },
      ErrorCode.INVALID_REPLICATION_FACTOR,
      /larger than 0/,
    ],
    [
      'the name under which Kafka keeps its metadata',
      { name: '__cluster_metadata' },
      ErrorCode.INVALID_REQUEST,
      /^Creation of internal topic __cluster_metadata is prohibited\.$/,
    ],
    [
      'compaction that must come before it may',
      {
        configs: [
          { name: 'min.compaction.lag.ms', value: '10' },
          { name: 'max.compaction.lag.ms', value: '5' },
        ],
      },
      ErrorCode.INVALID_CONFIG,
      /^conflict topic config setting min\.compaction\.lag\.ms \(10\) > max\.compaction\.lag\.ms \(5\)$/,
    ],
    [
      'more replicas than brokers',
      { replicationFactor: 3 },
      ErrorCode.INVALID_REPLICATION_FACTOR,
      /only 1 broker\(s\) are registered/,
    ],
    [
      'an unknown config',
      { configs: [{ name: 'retention.mss', value: '1' }] },
      ErrorCode.INVALID_CONFIG,
      /did you mean retention\.ms\?/,
    ],
    [
      'a config of the wrong type',
      { configs: [{ name: 'retention.ms', value: 'week' }] },
      ErrorCode.INVALID_CONFIG,
      /Not a number of type LONG/,
    ],
    [
      'a config out of range',
      { configs: [{ name: 'retention.ms', value: '-2' }] },
      ErrorCode.INVALID_CONFIG,
      /at least -1/,
    ],
    [
      'a config without effect here',
      { configs: [{ name: 'remote.storage.enable', value: 'true' }] },
      ErrorCode.INVALID_CONFIG,
      /tiered storage/,
    ],
    [
      'a null config',
      { configs: [{ name: 'retention.ms', value: null }] },
      ErrorCode.INVALID_CONFIG,
      /Null value/,
    ],
    [
      'an assignment and a number of partitions',
      { assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
      ErrorCode.INVALID_REQUEST,
      /not set to -1/,
    ],
    [
      'an assignment to an unknown broker',
      { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [9] }] },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      /broker 9/,
    ],
    [
      'an assignment with a gap',
      { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      /consecutive/,
    ],
  ]
  it.each(refusals)('refuses %s', async (_name, changes, errorCode, message) => {
    await using broker = await TestBroker.start()
    const [topic] = await create(broker, [asked('t', changes)])
    expect(topic?.errorCode).toBe(errorCode)
    expect(topic?.errorMessage).toMatch(message)
  })

  it('accepts an assignment that says what would be anyway', async () => {
    await using broker = await TestBroker.start()
    const assignments = [0, 1].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }))
    const [topic] = await create(broker, [
      asked('t', { numPartitions: -1, replicationFactor: -1, assignments }),
    ])
    expect(topic).toMatchObject({ errorCode: ErrorCode.NONE, numPartitions: 2, replicationFactor: 1 })
  })

  it('refuses a name that is taken, one that collides with it, and one named twice', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('a.b')
    const replies = await create(broker, [asked('a.b'), asked('a_b'), asked('twice'), asked('twice')])
    expect(replies.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['a.b', ErrorCode.TOPIC_ALREADY_EXISTS],
      ['a_b', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ['twice', ErrorCode.INVALID_REQUEST],
    ])
  })

  it('refuses a name that collides with one on its way', async () => {
    await using broker = await TestBroker.start()
    const replies = await create(broker, [asked('a.b'), asked('a_b')])
    expect(replies.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.INVALID_TOPIC_EXCEPTION,
    ])
    expect(replies[1]?.errorMessage).toBe("Topic 'a_b' collides with existing topic: a.b")
  })

  it('lets one of two creations at once win', async () => {
    await using broker = await TestBroker.start()
    const body = { topics: [asked('t')] }
    const replies = await broker.settle(
      Promise.all(
        [broker.connect(), broker.connect()].map((connection) => connection.request(createTopics, 7, body)),
      ),
    )
    const codes = replies.map(({ topics }) => topics[0]?.errorCode)
    expect(codes.sort()).toEqual([ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS])
  })

  it('accepts three replicas on one broker when the configuration is lenient', async () => {
    await using broker = await TestBroker.start({ config: { 'millrace.replication.factor.lenient': 'true' } })
    const [topic] = await create(broker, [asked('t', { replicationFactor: 3 })])
    expect(topic).toMatchObject({ errorCode: ErrorCode.NONE, replicationFactor: 3 })
  })
})

describe('DeleteTopics', () => {
  it('takes the files away and lets the name be used again', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    await broker.produce('t', [{ value: Buffer.from('old') }])
    const connection = broker.connect()
    const { responses } = await broker.settle(
      connection.request(deleteTopics, 5, { topicNames: ['t', 'x'], timeoutMs: 0 }),
    )
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    await broker.quiesce()
    // Renamed at once; the log removes the files later, a little at a time.
    const directories = broker.fileSystem.list('/data').filter(({ kind }) => kind === 'directory')
    expect(directories.filter(({ name }) => !name.endsWith('-delete'))).toEqual([])
    await broker.createTopic('t')
    expect(await broker.produce('t', [{ value: Buffer.from('new') }])).toBe(0)
  })

  it('takes names and ids in v6, and refuses both at once', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('by-id')
    await broker.createTopic('by-name')
    const topics = [
      { name: null, topicId },
      { name: 'by-name', topicId: ZERO_UUID },
      { name: 'x', topicId },
    ]
    const { responses } = await broker.settle(
      broker.connect().request(deleteTopics, 6, { topics, timeoutMs: 100 }),
    )
    expect(responses.slice(0, 2)).toMatchObject([
      { name: 'by-id', topicId, errorCode: ErrorCode.NONE },
      { name: 'by-name', errorCode: ErrorCode.NONE },
    ])
    expect(responses[2]?.errorCode).toBe(ErrorCode.INVALID_REQUEST)
  })

  it('is refused when the configuration says so', async () => {
    await using broker = await TestBroker.start({ config: { 'delete.topic.enable': 'false' } })
    await broker.createTopic('t')
    const request = { topicNames: ['t'], timeoutMs: 0 }
    const { responses } = await broker.settle(broker.connect().request(deleteTopics, 4, request))
    expect(responses[0]?.errorCode).toBe(ErrorCode.TOPIC_DELETION_DISABLED)
  })
})

describe('DescribeConfigs (trap 26)', () => {
  it('tells names in order, sources, types and the synonyms by the name of the broker', async () => {
    await using broker = await TestBroker.start({ config: { 'log.retention.bytes': '1000' } })
    await broker.createTopic('t', 1, { 'segment.ms': '1000' })
    const request = {
      resources: [{ resourceType: 2, resourceName: 't', configurationKeys: null }],
      includeSynonyms: true,
    }
    const { results } = await broker.settle(broker.connect().request(describeConfigs, 4, request))
    const configs = results[0]?.configs ?? []
    expect(configs.map(({ name }) => name)).toEqual(configs.map(({ name }) => name).sort())
    const told = new Map(configs.map((config) => [config.name, config]))
    expect(told.get('cleanup.policy')).toMatchObject({
      value: 'delete',
      configSource: 5,
      configType: 7,
      synonyms: [{ name: 'log.cleanup.policy', value: 'delete', source: 5 }],
    })
    expect(told.get('segment.ms')).toMatchObject({ value: '1000', configSource: 1, configType: 5 })
    expect(told.get('segment.ms')?.synonyms[0]).toEqual({ name: 'segment.ms', value: '1000', source: 1 })
    expect(told.get('retention.bytes')).toMatchObject({ value: '1000', configSource: 4 })
    expect(told.get('retention.bytes')?.synonyms).toEqual([
      { name: 'log.retention.bytes', value: '1000', source: 4 },
      { name: 'log.retention.bytes', value: '-1', source: 5 },
    ])
  })

  it('tells only the keys that were asked for, and synonyms only when asked for', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const resources = [{ resourceType: 2, resourceName: 't', configurationKeys: ['retention.ms', 'nothing'] }]
    const { results } = await broker.settle(broker.connect().request(describeConfigs, 1, { resources }))
    expect(results[0]?.configs).toMatchObject([{ name: 'retention.ms', synonyms: [] }])
  })

  it('takes no key at all for every key, and says nothing in an empty text (as seen at Kafka)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const resources = [{ resourceType: 2, resourceName: 't', configurationKeys: [] }]
    const { results } = await broker.settle(broker.connect().request(describeConfigs, 4, { resources }))
    expect(results[0]?.configs).toHaveLength(33)
    expect(results[0]?.errorMessage).toBe('')
  })

  it('refuses the whole request for one kind of resource that there is not (as seen at Kafka)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const resources = [2, 64].map((resourceType) => ({
      resourceType,
      resourceName: 't',
      configurationKeys: null,
    }))
    const { results } = await broker.settle(broker.connect().request(describeConfigs, 4, { resources }))
    expect(results.map(({ errorCode, configs }) => [errorCode, configs.length])).toEqual([
      [ErrorCode.INVALID_REQUEST, 0],
      [ErrorCode.INVALID_REQUEST, 0],
    ])
  })

  it('names brokers by node id, and has what kafkajs and Kafka UI look for on them', async () => {
    await using broker = await TestBroker.start({ config: { 'node.id': '7' } })
    const resources = ['7', '8', 'x'].map((resourceName) => ({
      resourceType: 4,
      resourceName,
      configurationKeys: null,
    }))
    const { results } = await broker.settle(broker.connect().request(describeConfigs, 2, { resources }))
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.INVALID_REQUEST,
      ErrorCode.INVALID_REQUEST,
    ])
    const names = results[0]?.configs.map(({ name }) => name)
    expect(names).toContain('default.replication.factor')
    expect(names).toContain('num.partitions')
  })

  it('answers an unknown topic with UNKNOWN_TOPIC_OR_PARTITION', async () => {
    await using broker = await TestBroker.start()
    const resources = [{ resourceType: 2, resourceName: 'x', configurationKeys: null }]
    const { results } = await broker.settle(broker.connect().request(describeConfigs, 4, { resources }))
    expect(results[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  })
})
