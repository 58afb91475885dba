import { memoryFileSystem } from '@millrace/log-core'
import {
  alterClientQuotas,
  apiVersions,
  createTopics,
  deleteTopics,
  describeProducers,
  describeTopicPartitions,
  fetch,
  metadata,
  produce,
} from '@millrace/protocol'
import { SimulatedClock } from '@millrace/simulator'
import { InMemoryNetwork } from '../../network/in-memory-network.ts'
import { startBroker } from '../../start-broker.ts'
import { send } from '../send-batch.ts'
import { batchOf, numbered, produceBody, TestBroker } from '../test-broker.ts'
import type { ConfigEffect } from './effect.ts'

type Settings = Readonly<Record<string, string>>

const TOPIC_DELETION_DISABLED = 73

/** Starts a broker with the settings, and looks. */
function on<T>(
  look: (broker: TestBroker) => Promise<T> | T,
  options: { readonly nodes?: number } = {},
): (settings: Settings) => Promise<T> {
  return async (settings) => {
    await using broker = await TestBroker.start({ ...options, config: settings })
    return await look(broker)
  }
}

async function metadataOf(broker: TestBroker, name: string | null = null, mayCreate = false) {
  const topics = name === null ? null : [{ name }]
  const asked = broker.connect().request(metadata, 9, { topics, allowAutoTopicCreation: mayCreate })
  return broker.settle(asked)
}

/** Asks for a topic with the broker's own numbers, or these; tells what came of it. */
async function create(broker: TestBroker, { name = 't', numPartitions = -1, replicationFactor = -1 } = {}) {
  const topics = [{ name, numPartitions, replicationFactor, assignments: [], configs: [] }]
  const answer = await broker.settle(broker.connect().request(createTopics, 7, { topics }))
  return answer.topics[0]
}

async function fetchOf(broker: TestBroker, { partitions = 1, sessionEpoch = -1 } = {}) {
  const asked = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    fetchOffset: 0,
    partitionMaxBytes: 1_000_000,
  }))
  return broker.settle(
    broker.connect().request(fetch, 11, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 100_000_000,
      sessionId: 0,
      sessionEpoch,
      topics: [{ topic: 't', partitions: asked }],
    }),
  )
}

/** How many of four connections are left open. */
async function openOfFour(broker: TestBroker): Promise<number> {
  const connections = Array.from({ length: 4 }, () => broker.connect())
  await broker.quiesce()
  return connections.filter(({ isClosed }) => !isClosed).length
}

/** For how many seconds a client is told to wait that sent 20 times its rate of a second. */
async function throttleSeconds(broker: TestBroker): Promise<number> {
  await broker.createTopic('t')
  const entity = [{ entityType: 'client-id', entityName: 'test' }]
  const ops = [{ key: 'producer_byte_rate', value: 1000, remove: false }]
  const quota = { entries: [{ entity, ops }], validateOnly: false }
  await broker.settle(broker.connect().request(alterClientQuotas, 1, quota))
  const batch = batchOf(numbered(1, 20_000), broker.clock.nowMs())
  const { throttleTimeMs } = await broker.settle(
    broker.connect().request(produce, 9, produceBody('t', batch)),
  )
  return Math.round(throttleTimeMs / 1000)
}

/** Bytes of a log in which each of these keys is written again and again, ten batches in as many segments. */
async function compactedBytes(
  broker: TestBroker,
  keys: number,
  settle: () => Promise<void>,
): Promise<number> {
  const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '1024', 'file.delete.delay.ms': '0' }
  await broker.createTopic('t', 1, configs)
  for (let first = 0; first < 200; first += 20) {
    const records = Array.from({ length: 20 }, (_, index) => ({
      key: Buffer.from(`key ${(first + index) % keys}`),
      value: Buffer.alloc(60),
    }))
    await broker.produce('t', records)
  }
  await settle()
  return broker.fileSystem
    .list('/data/t-0')
    .filter(({ name }) => name.endsWith('.log'))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** Of what is configured with the name of an address, which `TestBroker` gives by itself. */
async function withNetwork<T>(
  settings: Settings,
  look: (
    broker: Awaited<ReturnType<typeof startBroker>>,
    fileSystem: ReturnType<typeof memoryFileSystem>,
  ) => T,
): Promise<T> {
  const clock = new SimulatedClock()
  const fileSystem = memoryFileSystem()
  const network = new InMemoryNetwork((run) => clock.endOfTurn(run))
  const broker = await clock.settle(startBroker({ clock, fileSystem, network, config: settings }))
  const seen = look(broker, fileSystem)
  await clock.settle(broker.close())
  return seen
}

const isCompacted = (bytes: number): boolean => bytes < 6000

/** Of every broker configuration that works and is neither a topic's default nor about groups. */
export const BROKER_EFFECTS: Readonly<Record<string, ConfigEffect>> = {
  'node.id': { value: '7', observe: on(({ broker }) => broker.brokers[0]?.nodeId), withIt: 7, without: 1 },
  'broker.id': { value: '7', observe: on(({ broker }) => broker.brokers[0]?.nodeId), withIt: 7, without: 1 },
  'broker.rack': {
    value: 'r',
    observe: on(async (broker) => (await metadataOf(broker)).brokers[0]?.rack),
    withIt: 'r',
    without: null,
  },
  listeners: {
    value: 'PLAINTEXT://127.0.0.1:7001',
    observe: (settings) => withNetwork(settings, ({ bootstrapServers }) => bootstrapServers),
    withIt: '127.0.0.1:7001',
    without: 'localhost:9092',
  },
  'advertised.listeners': {
    value: 'PLAINTEXT://log.example.com:443',
    observe: (settings) => withNetwork(settings, ({ bootstrapServers }) => bootstrapServers),
    withIt: 'log.example.com:443',
    without: 'localhost:9092',
  },
  'log.dirs': {
    value: '/elsewhere',
    observe: (settings) =>
      withNetwork(settings, (_, fileSystem) => fileSystem.exists('/elsewhere/meta.properties')),
    withIt: true,
    without: false,
  },
  'num.partitions': {
    value: '3',
    observe: on(async (broker) => (await create(broker))?.numPartitions),
    withIt: 3,
    without: 1,
  },
  'default.replication.factor': {
    value: '2',
    observe: on(async (broker) => (await create(broker))?.replicationFactor, { nodes: 2 }),
    withIt: 2,
    without: 1,
  },
  'auto.create.topics.enable': {
    value: 'false',
    observe: on(async (broker) => (await metadataOf(broker, 'made', true)).topics[0]?.errorCode),
    withIt: 3,
    without: 0,
  },
  'max.request.partition.size.limit': {
    value: '2',
    observe: on(async (broker) => {
      await broker.createTopic('t', 5)
      const request = { topics: [], responsePartitionLimit: 100, cursor: null }
      const asked = broker.connect().request(describeTopicPartitions, 0, request)
      return (await broker.settle(asked)).topics[0]?.partitions.length
    }),
    withIt: 2,
    without: 5,
  },
  'delete.topic.enable': {
    value: 'false',
    observe: on(async (broker) => {
      await broker.createTopic('t')
      const asked = broker.connect().request(deleteTopics, 4, { topicNames: ['t'], timeoutMs: 0 })
      return (await broker.settle(asked)).responses[0]?.errorCode
    }),
    withIt: TOPIC_DELETION_DISABLED,
    without: 0,
  },
  'log.retention.check.interval.ms': {
    value: '1000',
    observe: on(async (broker) => {
      await broker.createTopic('t', 1, { 'segment.bytes': '1024', 'retention.bytes': '1024' })
      for (let round = 0; round < 5; round++) await broker.produce('t', numbered(1, 800))
      await broker.clock.advance(3000)
      return broker.fileSystem.list('/data/t-0').some(({ name }) => name.endsWith('.deleted'))
    }),
    withIt: true,
    without: false,
  },
  'log.cleaner.enable': {
    value: 'false',
    observe: on(async (broker) =>
      isCompacted(await compactedBytes(broker, 1, () => broker.settle(broker.broker.housekeep()))),
    ),
    withIt: false,
    without: true,
  },
  'log.cleaner.backoff.ms': {
    value: '1000',
    observe: on(async (broker) =>
      isCompacted(await compactedBytes(broker, 1, () => broker.clock.advance(3000))),
    ),
    withIt: true,
    without: false,
  },
  'log.cleaner.dedupe.buffer.size': {
    value: '1024',
    // Kept keys fill a pass; what is left waits for another one, which begins at once.
    observe: on(async (broker) => {
      await compactedBytes(broker, 100, () => broker.clock.advance(16_000))
      return broker.logged.filter(({ message }) => message === 'compacted').length > 1
    }),
    withIt: true,
    without: false,
  },
  'socket.request.max.bytes': {
    value: '5000',
    observe: on(async (broker) => {
      await broker.createTopic('t')
      const batch = batchOf(numbered(1, 6000), broker.clock.nowMs())
      return await send(broker, batch).then(
        () => 'answered',
        () => 'closed',
      )
    }),
    withIt: 'closed',
    without: 'answered',
  },
  'max.connections': { value: '2', observe: on(openOfFour), withIt: 2, without: 4 },
  'max.connections.per.ip': { value: '2', observe: on(openOfFour), withIt: 2, without: 4 },
  'max.connections.per.ip.overrides': { value: 'memory:2', observe: on(openOfFour), withIt: 2, without: 4 },
  'connections.max.idle.ms': {
    value: '10000',
    observe: on(async (broker) => {
      const connection = broker.connect()
      await broker.clock.advance(60_000)
      return connection.isClosed
    }),
    withIt: true,
    without: false,
  },
  'quota.window.num': { value: '2', observe: on(throttleSeconds), withIt: 19, without: 10 },
  'quota.window.size.seconds': { value: '2', observe: on(throttleSeconds), withIt: 0, without: 10 },
  'fetch.max.bytes': {
    value: '1024',
    observe: on(async (broker) => {
      await broker.createTopic('t', 2)
      for (const partition of [0, 1]) await broker.produce('t', numbered(1, 900), partition)
      const [topic] = (await fetchOf(broker, { partitions: 2 })).responses
      return topic?.partitions.filter(({ records }) => (records?.length ?? 0) > 0).length
    }),
    withIt: 1,
    without: 2,
  },
  'max.incremental.fetch.session.cache.slots': {
    value: '0',
    observe: on(async (broker) => {
      await broker.createTopic('t')
      return (await fetchOf(broker, { sessionEpoch: 0 })).sessionId > 0
    }),
    withIt: false,
    without: true,
  },
  'producer.id.expiration.ms': {
    value: '1000',
    observe: on(async (broker) => {
      await broker.createTopic('t')
      const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
      await send(broker, batchOf(numbered(1), broker.clock.nowMs(), producer))
      await broker.clock.advance(301_000)
      const topics = [{ name: 't', partitionIndexes: [0] }]
      const answer = await broker.settle(broker.connect().request(describeProducers, 0, { topics }))
      return answer.topics[0]?.partitions[0]?.activeProducers.length
    }),
    withIt: 0,
    without: 1,
  },
  'millrace.cluster.id': {
    value: 'bWlsbHJhY2UtcmVmZXJlbg',
    observe: on(({ broker }) => broker.clusterId === 'bWlsbHJhY2UtcmVmZXJlbg'),
    withIt: true,
    without: false,
  },
  'millrace.nodes': { value: '2', observe: on(({ broker }) => broker.brokers.length), withIt: 2, without: 1 },
  'millrace.api.versions.cap': {
    value: '2.4',
    observe: on(async (broker) => {
      const client = { clientSoftwareName: 'c', clientSoftwareVersion: '1' }
      const { apiKeys } = await broker.settle(broker.connect().request(apiVersions, 3, client))
      return apiKeys.find(({ apiKey }) => apiKey === metadata.key)?.maxVersion
    }),
    withIt: 9,
    without: 13,
  },
  'millrace.replication.factor.lenient': {
    value: 'true',
    observe: on(async (broker) => (await create(broker, { replicationFactor: 3 }))?.errorCode),
    withIt: 0,
    without: 38,
  },
  'millrace.max.topics': {
    value: '1',
    observe: on(async (broker) => {
      await broker.createTopic('first')
      return (await create(broker))?.errorCode
    }),
    withIt: 44,
    without: 0,
  },
  'millrace.max.partitions': {
    value: '2',
    observe: on(async (broker) => (await create(broker, { numPartitions: 3 }))?.errorCode),
    withIt: 44,
    without: 0,
  },
}
