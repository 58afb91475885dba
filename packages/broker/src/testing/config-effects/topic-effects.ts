import { incrementalAlterConfigs, listOffsets } from '@millrace/protocol'
import { Compression, type RecordInput, scanBatches } from '@millrace/record-batch'
import { send } from '../send-batch.ts'
import { batchOf, numbered, TestBroker } from '../test-broker.ts'

type Configs = Readonly<Record<string, string>>

/** Where the configuration is given: to the topic, as it is made or afterwards, or to the broker, at start or afterwards. */
export type Place = 'topic at once' | 'topic later' | 'broker at once' | 'broker later'

export interface TopicEffect {
  readonly value: string
  /** What the topic needs beside it, so that it shows. */
  readonly beside?: Configs
  /** Looks at the topic `t` of a broker. */
  observe(broker: TestBroker): Promise<unknown>
  readonly withIt: unknown
  readonly without: unknown
}

const TOPIC = 2
const BROKER = 4
const HOUR_MS = 3_600_000

/** What is seen of the topic when the configuration is given there; without one, when none is given. */
export async function observeTopic(
  { beside = {}, observe }: TopicEffect,
  given: { readonly place: Place; readonly configs: Configs } | null,
): Promise<unknown> {
  const at = (place: Place): Configs => (given?.place === place ? given.configs : {})
  await using broker = await TestBroker.start({ config: at('broker at once') })
  await broker.createTopic('t', 1, { ...beside, ...at('topic at once') })
  await alter(broker, TOPIC, 't', at('topic later'))
  await alter(broker, BROKER, '', at('broker later'))
  return await observe(broker)
}

async function alter(
  broker: TestBroker,
  resourceType: number,
  resourceName: string,
  values: Configs,
): Promise<void> {
  const configs = Object.entries(values).map(([name, value]) => ({ name, configOperation: 0, value }))
  if (configs.length === 0) return
  const resources = [{ resourceType, resourceName, configs }]
  const asked = broker.connect().request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
  const [reply] = (await broker.settle(asked)).responses
  if (reply?.errorCode !== 0) throw new Error(`could not configure: ${reply?.errorMessage}`)
}

/** The error of a batch with one record. */
async function errorOf(broker: TestBroker, record: Partial<RecordInput>): Promise<number> {
  return (await send(broker, batchOf([record], broker.clock.nowMs()))).errorCode
}

function filesOf({ fileSystem }: TestBroker, ending: string): { name: string; sizeBytes: number }[] {
  return fileSystem.list('/data/t-0').filter(({ name }) => name.endsWith(ending))
}

/** How many segments are there when a second record has come so much later. */
async function segmentsAfter(broker: TestBroker, hours: number): Promise<number> {
  await broker.produce('t', numbered(1))
  await broker.clock.advance(hours * HOUR_MS)
  await broker.produce('t', numbered(1))
  return filesOf(broker, '.log').length
}

/** Bytes of the first batch as it is kept, of records that can be compressed, but not to nothing. */
async function keptBytes(broker: TestBroker): Promise<number> {
  const values = Array.from(
    { length: 300 },
    (_, index) => `${index * 7919} ${Math.imul(index, 2654435761) >>> 7}`,
  )
  await broker.produce(
    't',
    values.map((value) => ({ value: Buffer.from(value) })),
  )
  return filesOf(broker, '.log')[0]?.sizeBytes ?? 0
}

/** How often the disk was told to sync because of one record under acks=1, within so many milliseconds. */
async function syncsAfterOne(broker: TestBroker, waitMs: number): Promise<number> {
  const count = (): number => {
    const metric = broker.broker.metrics().find(({ name }) => name === 'LogFlushRateAndTimeMs')
    return metric?.kind === 'histogram' ? metric.value.count : Number.NaN
  }
  // What was still to be done for the new topic is not meant.
  await broker.clock.advance(1000)
  const before = count()
  await send(broker, batchOf(numbered(1), broker.clock.nowMs()), { acks: 1 })
  await broker.clock.advance(waitMs)
  return count() - before
}

async function logStart(broker: TestBroker): Promise<number> {
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -2 }] }]
  const reply = await broker.settle(broker.connect().request(listOffsets, 7, { replicaId: -1, topics }))
  return reply.topics[0]?.partitions[0]?.offset ?? -1
}

/** Twenty segments in which one key is written again and again. */
async function writeOver(broker: TestBroker): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await broker.produce('t', [{ key: Buffer.from('k'), value: Buffer.alloc(600) }])
  }
}

/** Whether so much later a compaction has been. */
async function isCompactedAfter(broker: TestBroker, waitMs: number): Promise<boolean> {
  await writeOver(broker)
  await broker.clock.advance(waitMs)
  const bytes = filesOf(broker, '.log').reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return bytes < 5000
}

/** Whether a tombstone has outlived a compaction that came two minutes after the one that saw it first. */
async function hasTombstone(broker: TestBroker): Promise<boolean> {
  await broker.produce('t', [{ key: Buffer.from('gone-for-ever'), value: null }])
  for (const _ of [1, 2]) {
    await writeOver(broker)
    await broker.settle(broker.broker.housekeep())
    await broker.clock.advance(120_000)
  }
  const { fileSystem } = broker
  return filesOf(broker, '.log').some(({ name }) =>
    fileSystem.readFile(`/data/t-0/${name}`).includes('gone-for-ever'),
  )
}

const COMPACTED: Configs = {
  'cleanup.policy': 'compact',
  'segment.bytes': '1024',
  'file.delete.delay.ms': '0',
}
const NONE = 0
const MESSAGE_TOO_LARGE = 10
const NOT_ENOUGH_REPLICAS = 19
const INVALID_TIMESTAMP = 32
const INVALID_RECORD = 87

/** Of every topic configuration that works. */
export const TOPIC_EFFECTS: Readonly<Record<string, TopicEffect>> = {
  'cleanup.policy': {
    value: 'compact',
    observe: (broker) => errorOf(broker, { value: Buffer.from('no key') }),
    withIt: INVALID_RECORD,
    without: NONE,
  },
  'compression.gzip.level': {
    value: '1',
    beside: { 'compression.type': 'gzip' },
    observe: async (broker) => (await keptBytes(broker)) > 3490,
    withIt: true,
    without: false,
  },
  'compression.type': {
    value: 'gzip',
    observe: async (broker) => {
      await broker.produce('t', numbered(100))
      const [file] = filesOf(broker, '.log')
      const bytes = broker.fileSystem.readFile(`/data/t-0/${file?.name}`)
      return [...scanBatches(bytes)].map(({ header }) => header.compression)
    },
    withIt: [Compression.gzip],
    without: [Compression.none],
  },
  'compression.zstd.level': {
    value: '19',
    beside: { 'compression.type': 'zstd' },
    observe: async (broker) => (await keptBytes(broker)) < 3300,
    withIt: true,
    without: false,
  },
  'delete.retention.ms': {
    value: '1000',
    beside: COMPACTED,
    observe: hasTombstone,
    withIt: false,
    without: true,
  },
  'file.delete.delay.ms': {
    value: '1000',
    beside: { 'segment.bytes': '1024', 'retention.bytes': '1024' },
    observe: async (broker) => {
      for (let round = 0; round < 5; round++) await broker.produce('t', numbered(1, 800))
      await broker.settle(broker.broker.housekeep())
      await broker.clock.advance(2000)
      return filesOf(broker, '.deleted').length > 0
    },
    withIt: false,
    without: true,
  },
  'flush.messages': {
    value: '1',
    observe: (broker) => syncsAfterOne(broker, 0),
    withIt: 1,
    without: 0,
  },
  'flush.ms': {
    value: '20',
    observe: async (broker) => (await syncsAfterOne(broker, 60)) > 0,
    withIt: true,
    without: false,
  },
  'index.interval.bytes': {
    value: '500',
    beside: { 'segment.bytes': '3000' },
    observe: async (broker) => {
      for (let round = 0; round < 8; round++) await broker.produce('t', numbered(1, 600))
      return filesOf(broker, '.index')[0]?.sizeBytes
    },
    withIt: 24,
    without: 0,
  },
  'max.compaction.lag.ms': {
    value: '10000',
    beside: { ...COMPACTED, 'min.cleanable.dirty.ratio': '1' },
    observe: (broker) => isCompactedAfter(broker, 31_000),
    withIt: true,
    without: false,
  },
  'max.message.bytes': {
    value: '200',
    observe: (broker) => errorOf(broker, { value: Buffer.alloc(500) }),
    withIt: MESSAGE_TOO_LARGE,
    without: NONE,
  },
  'message.timestamp.after.max.ms': {
    value: '1000',
    observe: (broker) => errorOf(broker, { timestampMs: broker.clock.nowMs() + 5000 }),
    withIt: INVALID_TIMESTAMP,
    without: NONE,
  },
  'message.timestamp.before.max.ms': {
    value: '1000',
    observe: (broker) => errorOf(broker, { timestampMs: broker.clock.nowMs() - 5000 }),
    withIt: INVALID_TIMESTAMP,
    without: NONE,
  },
  'message.timestamp.type': {
    value: 'LogAppendTime',
    observe: async (broker) => (await send(broker, batchOf(numbered(1), 7))).logAppendTimeMs >= 0,
    withIt: true,
    without: false,
  },
  'min.cleanable.dirty.ratio': {
    value: '1',
    beside: COMPACTED,
    observe: (broker) => isCompactedAfter(broker, 31_000),
    withIt: false,
    without: true,
  },
  'min.compaction.lag.ms': {
    value: '3600000',
    beside: COMPACTED,
    observe: (broker) => isCompactedAfter(broker, 31_000),
    withIt: false,
    without: true,
  },
  'min.insync.replicas': {
    value: '2',
    observe: (broker) => errorOf(broker, {}),
    withIt: NOT_ENOUGH_REPLICAS,
    without: NONE,
  },
  'retention.bytes': {
    value: '2000',
    beside: { 'segment.bytes': '1024' },
    observe: async (broker) => {
      for (let round = 0; round < 5; round++) await broker.produce('t', numbered(1, 800))
      await broker.settle(broker.broker.housekeep())
      return await logStart(broker)
    },
    withIt: 2,
    without: 0,
  },
  'retention.ms': {
    value: '3600000',
    observe: async (broker) => {
      await broker.produce('t', numbered(2))
      await broker.clock.advance(2 * HOUR_MS)
      await broker.settle(broker.broker.housekeep())
      return await logStart(broker)
    },
    withIt: 2,
    without: 0,
  },
  'segment.bytes': {
    value: '1024',
    observe: async (broker) => {
      for (let round = 0; round < 3; round++) await broker.produce('t', numbered(1, 800))
      return filesOf(broker, '.log').length
    },
    withIt: 3,
    without: 1,
  },
  'segment.index.bytes': {
    value: '36',
    beside: { 'index.interval.bytes': '0' },
    observe: async (broker) => {
      for (let round = 0; round < 6; round++) await broker.produce('t', numbered(1))
      return filesOf(broker, '.log').length
    },
    withIt: 2,
    without: 1,
  },
  'segment.jitter.ms': {
    value: '7200000',
    beside: { 'segment.ms': '7200000' },
    observe: (broker) => segmentsAfter(broker, 1.99),
    withIt: 2,
    without: 1,
  },
  'segment.ms': {
    value: '3600000',
    observe: (broker) => segmentsAfter(broker, 1.5),
    withIt: 2,
    without: 1,
  },
}
