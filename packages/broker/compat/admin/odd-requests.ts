/**
 * Requests that no client of a careful author sends: what stands in them twice, contradicts itself or is not there. Each
 * is asked of Kafka and of Millrace, in this order.
 */
import {
  alterClientQuotas,
  createPartitions,
  createTopics,
  describeCluster,
  describeConfigs,
  describeTopicPartitions,
  incrementalAlterConfigs,
  metadata,
  ZERO_UUID,
} from '@millrace/protocol'
import type { WireClient } from '../../../../test/bad-input/wire-client.ts'

/** What is comparable of the answer: no ids, no brokers, and in an order of its own where Kafka's is by chance. */
export type OddRequest = readonly [
  title: string,
  ask: (client: WireClient, ids: ReadonlyMap<string, string>) => Promise<unknown>,
]

const TOPIC = 2
const BROKER = 4
const BROKER_LOGGER = 8
const GROUP = 32
const UNKNOWN_TYPE = 64

type AskedTopic = { topicId?: string; name?: string | null }

/** Kafka takes topics that it does not find out of a hash set. */
async function metadataOf(
  client: WireClient,
  version: number,
  topics: readonly AskedTopic[],
): Promise<unknown> {
  const full = topics.map(({ topicId = ZERO_UUID, name = null }) => ({ topicId, name }))
  const answer = await client.ask(metadata, version, { topics: full, allowAutoTopicCreation: false })
  const told = (isFound: boolean): string[] =>
    answer.topics
      .filter(({ errorCode }) => (errorCode === 0) === isFound)
      .map(({ name, errorCode, partitions }) => `${name} ${errorCode} ${partitions.length}`)
  return { found: told(true), failed: told(false).sort() }
}

async function creationOf(client: WireClient, names: readonly string[], version: number): Promise<unknown> {
  const topics = names.map((name) => ({
    name,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }))
  const answer = await client.ask(createTopics, version, { topics, validateOnly: true })
  return answer.topics.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage])
}

type AskedResource = readonly [type: number, name: string, keys: readonly string[] | null]

async function configsOf(
  client: WireClient,
  version: number,
  asked: readonly AskedResource[],
): Promise<unknown> {
  const resources = asked.map(([resourceType, resourceName, configurationKeys]) => ({
    resourceType,
    resourceName,
    configurationKeys,
  }))
  const { results } = await client.ask(describeConfigs, version, { resources })
  return results.map(({ errorCode, errorMessage, resourceName, configs }) => {
    const isOurSentence = /Unsupported resource type|request being malformed/.test(errorMessage ?? '')
    return [
      resourceName,
      errorCode,
      isOurSentence ? 'unsupported' : errorMessage,
      configs.map(({ name }) => name).sort(),
    ]
  })
}

/** Name, type and sensitivity of every config that Kafka knows too. */
async function kindsOf(client: WireClient, resourceType: number, resourceName: string): Promise<string[]> {
  const resources = [{ resourceType, resourceName, configurationKeys: null }]
  const { results } = await client.ask(describeConfigs, 4, { resources })
  const kinds = results[0]?.configs.map(
    ({ name, configType, isSensitive }) => `${name} ${configType} ${isSensitive}`,
  )
  return (kinds ?? []).filter((kind) => !kind.startsWith('millrace.')).sort()
}

/** Sets configs of the topic `twice`, without doing it. */
async function settingOf(client: WireClient, set: Readonly<Record<string, string>>): Promise<unknown> {
  const configs = Object.entries(set).map(([name, value]) => ({ name, configOperation: 0, value }))
  const resources = [{ resourceType: TOPIC, resourceName: 'twice', configs }]
  const { responses } = await client.ask(incrementalAlterConfigs, 1, { resources, validateOnly: true })
  return responses
}

type AskedCursor = { readonly topicName: string; readonly partitionIndex: number }

async function pageOf(client: WireClient, names: readonly string[], cursor: AskedCursor): Promise<unknown> {
  const request = { topics: names.map((name) => ({ name })), responsePartitionLimit: 10, cursor }
  const answer = await client.ask(describeTopicPartitions, 0, request)
  const topics = answer.topics.map(({ name, errorCode, partitions }) => [name, errorCode, partitions.length])
  return { topics, nextCursor: answer.nextCursor }
}

/** The two topics `twice`, of two partitions, and `once` are there. */
export const ODD_REQUESTS: readonly OddRequest[] = [
  ...[0, 1, 4, 9, 12, 13].map(
    (version): OddRequest => [
      `Metadata v${version} of topics that are named twice`,
      (client) =>
        // Before v4 a request cannot forbid that topics are created: only names that cannot be are unknown there.
        metadataOf(
          client,
          version,
          ['once', 'twice', 'once', 'a/b', 'a/b', 'twice', ...(version < 4 ? [] : ['no', '', 'no'])].map(
            (name) => ({
              name,
            }),
          ),
        ),
    ],
  ),
  ...[10, 11, 12, 13].flatMap((version): OddRequest[] => [
    [
      `Metadata v${version} by an id and another name`,
      (client, ids) => metadataOf(client, version, [{ topicId: ids.get('twice') ?? '', name: 'once' }]),
    ],
    [
      `Metadata v${version} by id and by name`,
      (client, ids) =>
        metadataOf(client, version, [{ topicId: ids.get('twice') ?? '' }, { name: 'once' }, { name: 'no' }]),
    ],
  ]),
  ...[10, 11].map(
    (version): OddRequest => [
      `Metadata v${version} by neither`,
      (client) => metadataOf(client, version, [{}, { name: 'once' }]),
    ],
  ),
  [
    'Metadata by ids that are given twice',
    (client, ids) => {
      const known = { topicId: ids.get('once') ?? '' }
      const unknown = { topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }
      return metadataOf(client, 12, [known, unknown, known, unknown])
    },
  ],
  ...[2, 7].flatMap((version): OddRequest[] => [
    [
      `CreateTopics v${version} of one name twice`,
      (client) => creationOf(client, ['x', 'y', 'z', 'y', 'y'], version),
    ],
    [`CreateTopics v${version} of a bad name twice`, (client) => creationOf(client, ['a/b', 'a/b'], version)],
    [`CreateTopics v${version} of nothing`, (client) => creationOf(client, [], version)],
  ]),
  ['CreateTopics of what nobody may create', (client) => creationOf(client, ['__cluster_metadata'], 7)],
  [
    'IncrementalAlterConfigs of compaction that must come before it may',
    (client) => settingOf(client, { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' }),
  ],
  ...[0, 2, 3].map(
    (endpointType): OddRequest => [
      `DescribeCluster of endpoints of type ${endpointType}`,
      async (client) => {
        const request = { includeClusterAuthorizedOperations: false, endpointType }
        const { errorCode, errorMessage } = await client.ask(describeCluster, 2, request)
        return [errorCode, errorMessage]
      },
    ],
  ),
  ...[[2 ** 63], [2 ** 64], [1, 2]].map(
    (values): OddRequest => [
      `AlterClientQuotas to ${values.join(' and to ')}`,
      (client) => {
        const ops = values.map((value) => ({ key: 'producer_byte_rate', value, remove: false }))
        const entity = [{ entityType: 'user', entityName: 'odd' }]
        return client.ask(alterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: true })
      },
    ],
  ),
  [
    'CreatePartitions of one topic twice',
    (client) => {
      const topics = ['once', 'once', 'twice'].map((name) => ({ name, count: 3, assignments: null }))
      return client.ask(createPartitions, 3, { topics, timeoutMs: 5000, validateOnly: true })
    },
  ],
  ...[1, 4].flatMap((version): OddRequest[] => [
    [
      `DescribeConfigs v${version} of one topic twice, by other keys`,
      (client) =>
        configsOf(client, version, [
          [TOPIC, 'once', ['retention.ms', 'retention.ms', 'no']],
          [TOPIC, 'once', ['segment.ms']],
          [BROKER, '1', ['num.partitions']],
        ]),
    ],
    [
      `DescribeConfigs v${version} by no key at all`,
      (client) => configsOf(client, version, [[TOPIC, 'once', []]]),
    ],
    [
      `DescribeConfigs v${version} of what is not there`,
      (client) =>
        configsOf(client, version, [
          [TOPIC, 'no', null],
          [TOPIC, 'a/b', null],
          [TOPIC, '', null],
          [BROKER, 'x', null],
          [BROKER, '99', null],
          [BROKER_LOGGER, '', null],
          [BROKER_LOGGER, '9', null],
          [GROUP, '', null],
        ]),
    ],
    [
      `DescribeConfigs v${version} of a kind that there is not, and of others`,
      (client) =>
        configsOf(client, version, [
          [TOPIC, 'once', null],
          [UNKNOWN_TYPE, 'u', null],
          [BROKER, 'x', null],
        ]),
    ],
  ]),
  ['the types of the configs of a broker', (client) => kindsOf(client, BROKER, '1')],
  ['the types of the configs of a topic', (client) => kindsOf(client, TOPIC, 'once')],
  ['the types of the configs of a group', (client) => kindsOf(client, GROUP, 'g')],
  ...(
    [
      ['retention.ms', ''],
      ['retention.ms', ' 5 '],
      ['retention.ms', '+5'],
      ['retention.ms', '0x10'],
      ['retention.ms', '5.0'],
      ['retention.ms', '7d'],
      ['cleanup.policy', ' compact , delete '],
      ['cleanup.policy', 'compact,compact'],
      ['cleanup.policy', 'Compact'],
      ['compression.type', 'GZIP'],
      ['compression.gzip.level', '0'],
      ['compression.gzip.level', '-1'],
      ['compression.gzip.level', '10'],
      ['max.compaction.lag.ms', '0'],
      ['max.message.bytes', '2147483648'],
      ['min.cleanable.dirty.ratio', '1e-1'],
      ['min.cleanable.dirty.ratio', '.5f'],
      ['min.cleanable.dirty.ratio', '1.1'],
      ['min.cleanable.dirty.ratio', '0x1'],
      ['unclean.leader.election.enable', 'False'],
      ['', '1'],
    ] as const
  ).map(
    ([name, value]): OddRequest => [
      `IncrementalAlterConfigs of ${name}='${value}'`,
      (client) => settingOf(client, { [name]: value }),
    ],
  ),
  [
    'a page from a partition below 0',
    (client) => pageOf(client, ['once'], { topicName: 'once', partitionIndex: -1 }),
  ],
  [
    'a page from beyond the last',
    (client) => pageOf(client, ['once'], { topicName: 'once', partitionIndex: 7 }),
  ],
  [
    'a page from a topic that is not asked for',
    (client) => pageOf(client, ['once'], { topicName: 'a', partitionIndex: 0 }),
  ],
]

/** Makes the topics that the requests speak of; tells their ids. */
export async function prepareOddRequests(client: WireClient): Promise<ReadonlyMap<string, string>> {
  const topics = [
    ['twice', 2],
    ['once', 1],
  ] as const
  const made = await client.ask(createTopics, 7, {
    topics: topics.map(([name, numPartitions]) => ({
      name,
      numPartitions,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })),
  })
  const ids = new Map(made.topics.map(({ name, topicId }) => [name, topicId]))
  for (;;) {
    // Kafka's broker learns of a topic after its controller has answered.
    const asked = topics.map(([name]) => ({ topicId: ZERO_UUID, name }))
    const answer = await client.ask(metadata, 12, { topics: asked, allowAutoTopicCreation: false })
    if (answer.topics.every(({ errorCode }) => errorCode === 0)) return ids
  }
}
