import { memoryFileSystem } from '@millrace/log-core'
import {
  alterConfigs,
  describeConfigs,
  ErrorCode,
  incrementalAlterConfigs,
  listConfigResources,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { numbered, TestBroker } from '../testing/test-broker.ts'
import { ConfigResourceType } from './config-resource.ts'

const { BROKER, GROUP, TOPIC } = ConfigResourceType
const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

type Operation = readonly [name: string, operation: number, value: string | null]

async function alter(
  broker: TestBroker,
  resourceType: number,
  resourceName: string,
  operations: readonly Operation[],
  validateOnly = false,
) {
  const configs = operations.map(([name, configOperation, value]) => ({ name, configOperation, value }))
  const resources = [{ resourceType, resourceName, configs }]
  const { responses } = await broker.settle(
    broker.connect().request(incrementalAlterConfigs, 1, { resources, validateOnly }),
  )
  return responses[0]
}

async function describeOne(
  broker: TestBroker,
  resourceType: number,
  resourceName: string,
  names: string[] | null,
) {
  const { results } = await broker.settle(
    broker.connect().request(describeConfigs, 4, {
      resources: [{ resourceType, resourceName, configurationKeys: names }],
      includeSynonyms: true,
      includeDocumentation: true,
    }),
  )
  const [result] = results
  return { ...result, byName: new Map(result?.configs.map((config) => [config.name, config])) }
}

describe('IncrementalAlterConfigs of a topic', () => {
  it('sets, and a live partition obeys at once', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const reply = await alter(broker, TOPIC, 't', [['max.message.bytes', SET, '200']])
    expect(reply).toMatchObject({ errorCode: ErrorCode.NONE, errorMessage: null })
    await expect(broker.produce('t', numbered(1, 500))).rejects.toThrow(`${ErrorCode.MESSAGE_TOO_LARGE}`)
    await alter(broker, TOPIC, 't', [['max.message.bytes', DELETE, null]])
    expect(await broker.produce('t', numbered(1, 500))).toBe(0)
  })

  it('is still there after a restart', async () => {
    const fileSystem = memoryFileSystem()
    const first = await TestBroker.start({ fileSystem })
    await first.createTopic('t')
    await alter(first, TOPIC, 't', [['retention.ms', SET, '1234']])
    await alter(first, BROKER, '', [['message.max.bytes', SET, '5000']])
    await first.close()
    await using second = await TestBroker.start({ fileSystem })
    const { byName } = await describeOne(second, TOPIC, 't', ['retention.ms', 'max.message.bytes'])
    expect(byName.get('retention.ms')).toMatchObject({ value: '1234', configSource: 1 })
    expect(byName.get('max.message.bytes')).toMatchObject({ value: '5000', configSource: 3 })
    await expect(second.produce('t', numbered(1, 6000))).rejects.toThrow(`${ErrorCode.MESSAGE_TOO_LARGE}`)
  })

  it('changes nothing when it only validates', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    expect(await alter(broker, TOPIC, 't', [['retention.ms', SET, '1']], true)).toMatchObject({
      errorCode: 0,
    })
    const { byName } = await describeOne(broker, TOPIC, 't', ['retention.ms'])
    expect(byName.get('retention.ms')).toMatchObject({ value: '604800000', configSource: 5, synonyms: [] })
  })

  it('appends to a list and takes from it', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const append = (value: string) => alter(broker, TOPIC, 't', [['cleanup.policy', APPEND, value]])
    expect(await append('delete')).toMatchObject({ errorCode: 0 })
    const { byName } = await describeOne(broker, TOPIC, 't', ['cleanup.policy'])
    expect(byName.get('cleanup.policy')).toMatchObject({ value: 'delete' })
    await alter(broker, TOPIC, 't', [['cleanup.policy', SUBTRACT, 'compact']])
    expect(
      (await describeOne(broker, TOPIC, 't', ['cleanup.policy'])).byName.get('cleanup.policy')?.value,
    ).toBe('delete')
  })

  const refusals: [string, string, readonly Operation[], number, RegExp][] = [
    [
      'an unknown topic',
      'u',
      [['retention.ms', SET, '1']],
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      /The topic 'u'/,
    ],
    ['a name that no topic can have', 'u/u', [], ErrorCode.INVALID_TOPIC_EXCEPTION, /contains one or more/],
    [
      'all topics at once',
      '',
      [['retention.ms', SET, '1']],
      ErrorCode.INVALID_REQUEST,
      /Default topic resources/,
    ],
    [
      'an unknown config',
      't',
      [['retention.mss', SET, '1']],
      ErrorCode.INVALID_CONFIG,
      /Unknown topic config name/,
    ],
    [
      'a value of the wrong type',
      't',
      [['retention.ms', SET, 'x']],
      ErrorCode.INVALID_CONFIG,
      /Not a number/,
    ],
    ['a unit in a number', 't', [['retention.ms', SET, '7d']], ErrorCode.INVALID_CONFIG, /Not a number/],
    [
      'a value in the wrong case',
      't',
      [['cleanup.policy', SET, 'Delete']],
      ErrorCode.INVALID_CONFIG,
      /one of/,
    ],
    ['no value', 't', [['retention.ms', SET, null]], ErrorCode.INVALID_REQUEST, /Null value not supported/],
    [
      'an operation that is none',
      't',
      [['retention.ms', 9, '1']],
      ErrorCode.INVALID_REQUEST,
      /Unknown operation 9/,
    ],
    ['an append to a number', 't', [['retention.ms', APPEND, '1']], ErrorCode.INVALID_CONFIG, /not LIST/],
    [
      'one name twice',
      't',
      [
        ['retention.ms', SET, '1'],
        ['retention.ms', SET, '2'],
      ],
      ErrorCode.INVALID_REQUEST,
      /duplicate config keys/,
    ],
    [
      'what has no effect here',
      't',
      [['remote.storage.enable', SET, 'true']],
      ErrorCode.INVALID_CONFIG,
      /tiered storage is not available/,
    ],
  ]
  it.each(refusals)(
    'refuses %s, and changes nothing',
    async (_title, name, operations, errorCode, message) => {
      await using broker = await TestBroker.start()
      await broker.createTopic('t', 1, { 'segment.ms': '5000' })
      const reply = await alter(broker, TOPIC, name, [...operations])
      expect(reply).toMatchObject({ errorCode, resourceType: TOPIC, resourceName: name })
      expect(reply?.errorMessage).toMatch(message)
      const { configs } = await describeOne(broker, TOPIC, 't', null)
      expect(configs?.filter(({ configSource }) => configSource === 1).map(({ name }) => name)).toEqual([
        'segment.ms',
      ])
    },
  )

  it('refuses a resource that is named twice, both times', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const one = (value: string) => ({
      resourceType: TOPIC,
      resourceName: 't',
      configs: [{ name: 'retention.ms', configOperation: SET, value }],
    })
    const { responses } = await broker.settle(
      broker.connect().request(incrementalAlterConfigs, 1, {
        resources: [one('1'), one('2')],
        validateOnly: false,
      }),
    )
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.INVALID_REQUEST,
      ErrorCode.INVALID_REQUEST,
    ])
  })

  it('loses none of two changes that come at once', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await Promise.all([
      alter(broker, TOPIC, 't', [['retention.ms', SET, '1000']]),
      alter(broker, TOPIC, 't', [['segment.ms', SET, '2000']]),
    ])
    const { configs } = await describeOne(broker, TOPIC, 't', null)
    const own = configs
      ?.filter(({ configSource }) => configSource === 1)
      .map(({ name, value }) => [name, value])
    expect(own).toEqual([
      ['retention.ms', '1000'],
      ['segment.ms', '2000'],
    ])
  })
})

describe('AlterConfigs', () => {
  it('unsets what it does not name', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'retention.ms': '1', 'segment.ms': '2' })
    const resources = [
      { resourceType: TOPIC, resourceName: 't', configs: [{ name: 'segment.ms', value: '3' }] },
    ]
    const { responses } = await broker.settle(
      broker.connect().request(alterConfigs, 2, { resources, validateOnly: false }),
    )
    expect(responses[0]?.errorCode).toBe(ErrorCode.NONE)
    const { configs } = await describeOne(broker, TOPIC, 't', null)
    const own = configs
      ?.filter(({ configSource }) => configSource === 1)
      .map(({ name, value }) => [name, value])
    expect(own).toEqual([['segment.ms', '3']])
  })
})

describe('IncrementalAlterConfigs of a broker', () => {
  it('flows into the topics that set nothing themselves, at once', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await broker.createTopic('own', 1, { 'max.message.bytes': '9000' })
    expect(await alter(broker, BROKER, '', [['message.max.bytes', SET, '300']])).toMatchObject({
      errorCode: 0,
    })
    await expect(broker.produce('t', numbered(1, 500))).rejects.toThrow(`${ErrorCode.MESSAGE_TOO_LARGE}`)
    expect(await broker.produce('own', numbered(1, 500))).toBe(0)
  })

  it('limits connections at once, also of single addresses', async () => {
    await using broker = await TestBroker.start()
    const name = 'max.connections.per.ip.overrides'
    await alter(broker, BROKER, '', [[name, SET, 'memory:5']])
    const connections = Array.from({ length: 8 }, () => broker.connect())
    await broker.quiesce()
    expect(connections.filter(({ isClosed }) => isClosed).length).toBeGreaterThanOrEqual(3)
    for (const connection of connections) connection.close()
    await broker.quiesce()
    const reply = await alter(broker, BROKER, '', [[name, SET, '127.0.0.1']])
    expect(reply).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST })
    expect(reply?.errorMessage).toMatch(/ADDRESS:NUMBER/)
  })

  it('tells every layer as a synonym, the strongest first (trap 26)', async () => {
    await using broker = await TestBroker.start({ config: { 'log.retention.hours': '24' } })
    await broker.createTopic('t')
    await alter(broker, BROKER, '1', [['log.retention.ms', SET, '100000']])
    await alter(broker, BROKER, '', [['log.retention.ms', SET, '200000']])
    const synonyms = [
      { name: 'log.retention.ms', value: '100000', source: 2 },
      { name: 'log.retention.ms', value: '200000', source: 3 },
      { name: 'log.retention.hours', value: '24', source: 4 },
      { name: 'log.retention.hours', value: '168', source: 5 },
    ]
    const topic = await describeOne(broker, TOPIC, 't', ['retention.ms'])
    expect(topic.byName.get('retention.ms')).toMatchObject({ value: '100000', configSource: 2, synonyms })
    const own = await describeOne(broker, BROKER, '1', ['log.retention.ms'])
    expect(own.byName.get('log.retention.ms')).toMatchObject({ value: '100000', configSource: 2, synonyms })
    const shared = await describeOne(broker, BROKER, '', null)
    expect(shared.configs?.map(({ name, value, configSource }) => [name, value, configSource])).toEqual([
      ['log.retention.ms', '200000', 3],
    ])
  })

  const refusals: [string, string, Operation, number, RegExp][] = [
    ['what needs a restart', '', ['num.partitions', SET, '2'], ErrorCode.INVALID_REQUEST, /restart/],
    [
      'a value of the wrong type',
      '',
      ['log.retention.ms', SET, 'x'],
      ErrorCode.INVALID_REQUEST,
      /Not a number/,
    ],
    ['a value out of range', '', ['message.max.bytes', SET, '-5'], ErrorCode.INVALID_REQUEST, /at least 0/],
    ['to let nobody connect', '', ['max.connections', SET, '0'], ErrorCode.INVALID_REQUEST, /at least 1/],
    [
      'to let nobody connect from anywhere',
      '1',
      ['max.connections.per.ip', SET, '0'],
      ErrorCode.INVALID_REQUEST,
      /can be set to zero only if max\.connections\.per\.ip\.overrides property is set/,
    ],
    ['an unknown name', '', ['log.retention.mss', SET, '1'], ErrorCode.INVALID_CONFIG, /did you mean/],
    [
      'what has no effect here',
      '',
      ['num.io.threads', SET, '99'],
      ErrorCode.INVALID_CONFIG,
      /one event loop/,
    ],
    [
      'what has no effect with a restart either',
      '1',
      ['controlled.shutdown.enable', SET, 'false'],
      ErrorCode.INVALID_CONFIG,
      /^Invalid value false for configuration controlled\.shutdown\.enable: there is no controller quorum/,
    ],
    [
      'what Kafka sets at start only, with the value that it has',
      '1',
      ['controlled.shutdown.enable', SET, 'true'],
      ErrorCode.INVALID_REQUEST,
      /^Cannot update these configs dynamically: \[controlled\.shutdown\.enable\]/,
    ],
    [
      'another broker',
      '9',
      ['log.retention.ms', SET, '1'],
      ErrorCode.INVALID_REQUEST,
      /expected 1, but received 9/,
    ],
    [
      'a name that is no id',
      'x',
      ['log.retention.ms', SET, '1'],
      ErrorCode.INVALID_REQUEST,
      /must be an integer/,
    ],
  ]
  it.each(refusals)('refuses %s', async (_title, name, operation, errorCode, message) => {
    await using broker = await TestBroker.start()
    const reply = await alter(broker, BROKER, name, [operation])
    expect(reply).toMatchObject({ errorCode })
    expect(reply?.errorMessage).toMatch(message)
    expect((await describeOne(broker, BROKER, '', null)).configs).toEqual([])
  })

  it('keeps the exceptions from a limit of no connections while it is one', async () => {
    await using broker = await TestBroker.start()
    const [limit, exceptions] = ['max.connections.per.ip', 'max.connections.per.ip.overrides']
    await alter(broker, BROKER, '', [[exceptions, SET, 'memory:9']])
    expect(await alter(broker, BROKER, '1', [[limit, SET, '0']])).toMatchObject({ errorCode: ErrorCode.NONE })
    const reply = await alter(broker, BROKER, '', [[exceptions, DELETE, null]])
    expect(reply).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST })
    const { byName } = await describeOne(broker, BROKER, '', null)
    expect(byName.get(exceptions)?.value).toBe('memory:9')
  })

  it('refuses one of several brokers that share a process', async () => {
    await using broker = await TestBroker.start({ nodes: 3 })
    const reply = await alter(broker, BROKER, '2', [['log.retention.ms', SET, '1']])
    expect(reply).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST })
    expect(reply?.errorMessage).toMatch(/share their configuration/)
  })
})

describe('DescribeConfigs', () => {
  it('says of every configuration what it does, or why it does nothing', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    for (const [type, name] of [
      [BROKER, '1'],
      [TOPIC, 't'],
      [GROUP, 'g'],
    ] as const) {
      const { configs = [] } = await describeOne(broker, type, name, null)
      const silent = configs.filter(({ documentation }) => !/^\S.*\.$/.test(documentation ?? ''))
      expect(silent.map((config) => config.name)).toEqual([])
    }
  })

  it('takes no lag of compaction that contradicts the one of the broker', async () => {
    await using broker = await TestBroker.start({ config: { 'log.cleaner.min.compaction.lag.ms': '100' } })
    await broker.createTopic('t')
    const reply = await alter(broker, TOPIC, 't', [['max.compaction.lag.ms', SET, '5']])
    expect(reply).toMatchObject({ errorCode: ErrorCode.INVALID_CONFIG })
    expect(reply?.errorMessage).toBe(
      'conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (5)',
    )
  })

  it('shows what was read of a value, in the synonyms too', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await alter(broker, TOPIC, 't', [['cleanup.policy', SET, ' compact, delete,compact']])
    const { byName } = await describeOne(broker, TOPIC, 't', ['cleanup.policy'])
    const value = 'compact,delete'
    expect(byName.get('cleanup.policy')).toMatchObject({ value, synonyms: [{ value, source: 1 }, {}] })
  })
})

describe('group configs', () => {
  it('can be described for every group, with their defaults from the broker', async () => {
    await using broker = await TestBroker.start()
    const { byName } = await describeOne(broker, GROUP, 'g', null)
    expect(byName.size).toBe(17)
    expect(byName.get('consumer.session.timeout.ms')).toMatchObject({ value: '45000', configSource: 5 })
  })

  it('refuses unknown ones, and a group without a name', async () => {
    await using broker = await TestBroker.start()
    expect(await alter(broker, GROUP, 'g', [['foo', SET, '1']])).toMatchObject({
      errorCode: ErrorCode.INVALID_CONFIG,
      errorMessage: 'Unknown group config name: foo',
    })
    expect(await alter(broker, GROUP, '', [['foo', SET, '1']])).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUEST,
    })
  })

  it('keeps the times of KIP-848 members within the bounds of the broker, in Kafka’s words', async () => {
    await using broker = await TestBroker.start()
    const set = async (name: string, value: string) => {
      const { errorCode, errorMessage } = (await alter(broker, GROUP, 'g', [[name, SET, value]])) ?? {}
      return errorCode === ErrorCode.NONE ? '' : errorMessage
    }
    expect(await set('consumer.session.timeout.ms', '60000')).toBe('')
    expect(await set('consumer.session.timeout.ms', '60001')).toBe(
      'consumer.session.timeout.ms must be less than or equal to group.consumer.max.session.timeout.ms',
    )
    expect(await set('consumer.heartbeat.interval.ms', '4999')).toBe(
      'consumer.heartbeat.interval.ms must be greater than or equal to group.consumer.min.heartbeat.interval.ms',
    )
  })
})

describe('ListConfigResources', () => {
  it('lists topics, brokers and groups that are configured', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await alter(broker, GROUP, 'g', [['consumer.session.timeout.ms', SET, '45000']])
    const list = (version: number, resourceTypes: number[]) =>
      broker.settle(broker.connect().request(listConfigResources, version, { resourceTypes }))
    const all = await list(1, [])
    expect(all.configResources).toEqual([
      { resourceName: 'g', resourceType: 32 },
      { resourceName: '1', resourceType: 8 },
      { resourceName: '1', resourceType: 4 },
      { resourceName: 't', resourceType: 2 },
    ])
    expect((await list(1, [TOPIC])).configResources).toEqual([{ resourceName: 't', resourceType: 2 }])
    expect((await list(0, [])).configResources).toEqual([])
    expect((await list(1, [99])).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
  })
})
