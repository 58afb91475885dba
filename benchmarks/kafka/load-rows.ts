/** The rows that load a running broker. Names are what `--rows` takes. */
import { type Load, loadConsume, loadCrowd, loadLatency, loadProduce } from '../harness/loader.ts'
import { cpuSeconds, residentMegabytes } from '../harness/process-cpu.ts'
import { type BrokerUnderTest, createTopic, deleteTopic } from './broker-under-test.ts'
import type { Metric, Row, RowSettings, Sample } from './comparison.ts'
import { coldReadRate, dropFromPageCache, syncDelays, syncedWriteRate, topicBytes } from './disk-floor.ts'

const KIB = 1024
const SMALL = { count: 3_000_000, bytes: 100 }
const LARGE = { count: 600_000, bytes: KIB }
/** Reading is several times as fast as writing. */
const LARGE_TO_READ = { count: 1_200_000, bytes: KIB }

const cpu = (label: string, goal: string): Metric => ({
  key: 'cpu',
  label: `${label}: s of broker CPU`,
  goal,
})
const rate = (label: string, goal: string): Metric => ({ key: 'rate', label: `${label}: million/s`, goal })
const megabytes = (label: string, goal: string): Metric => ({
  key: 'mb',
  label: `${label}: MB/s`,
  floorLabel: 'the disk alone: MB/s',
  goal,
  digits: 0,
})

function scaled<T extends Load>(load: T, { scale }: RowSettings): T {
  return { ...load, count: Math.max(1000, Math.round(load.count * scale)) }
}

async function withCpu(broker: BrokerUnderTest, run: () => Promise<Sample>): Promise<Sample> {
  const before = cpuSeconds(broker.pid)
  const sample = await run()
  return { ...sample, cpu: cpuSeconds(broker.pid) - before }
}

function produceRow(name: string, label: string, load: Load, metrics: readonly Metric[]): Row {
  return {
    name,
    metrics: metrics.map((metric) => ({ ...metric, label: `${label}, ${metric.label}` })),
    ...(load.bytes === KIB && {
      floor: async ({ dataDir }: BrokerUnderTest, settings: RowSettings) => ({
        mb: syncedWriteRate(dataDir, scaled(load, settings).count * KIB),
      }),
    }),
    measure: async (broker, topic, settings) => {
      await createTopic(broker, topic, load.partitions ?? 1)
      const target = { bootstrap: broker.bootstrap, topic }
      const sample = await withCpu(broker, async () => {
        const { recordsPerSecond, seconds } = await loadProduce(target, scaled(load, settings))
        // Compressed records are held against the disk by what arrives there.
        return { rate: recordsPerSecond / 1e6, mb: topicBytes(broker.dataDir, topic) / 1e6 / seconds }
      })
      await deleteTopic(broker, topic)
      return sample
    },
  }
}

function consumeRow(name: string, label: string, load: Load, metric: Metric): Row {
  return {
    name,
    metrics: [metric, cpu('the same', '')].map((each) => ({ ...each, label: `${label}, ${each.label}` })),
    measure: async (broker, topic, settings) => {
      await createTopic(broker, topic, load.partitions ?? 1)
      const target = { bootstrap: broker.bootstrap, topic }
      await loadProduce(target, scaled(load, settings))
      // What is read first is verified, and only later reads are compared.
      await loadConsume(target, scaled(load, settings))
      const sample = await withCpu(broker, async () => {
        const result = await loadConsume(target, scaled(load, settings))
        return { rate: result.recordsPerSecond / 1e6, mb: result.megabytesPerSecond }
      })
      await deleteTopic(broker, topic)
      return sample
    },
  }
}

const consumeCold: Row = {
  name: 'consume-cold',
  metrics: [
    megabytes('consume 1 KiB, not in page cache', "the disk's rate"),
    { key: 'disk', label: 'the same files by dd: MB/s', goal: '', digits: 0 },
  ],
  measure: async (broker, topic, settings) => {
    await createTopic(broker, topic, 1)
    const target = { bootstrap: broker.bootstrap, topic }
    const load = scaled(LARGE, settings)
    await loadProduce(target, load)
    const disk = coldReadRate(broker.dataDir, topic)
    dropFromPageCache(broker.dataDir, topic)
    const { megabytesPerSecond } = await loadConsume(target, load)
    await deleteTopic(broker, topic)
    return { mb: megabytesPerSecond, disk }
  },
}

const LATENCY_SECONDS = 6

function latencyRow(perSecond: number, acks: 'all' | '1', goals: { p50: string; p99: string }): Row {
  const label = `end to end, 1 KiB at ${perSecond}/s, acks=${acks}`
  return {
    name: acks === 'all' ? `latency-${perSecond}` : `latency-${perSecond}-acks1`,
    metrics: [
      { key: 'p50', label: `${label}, p50: ms`, goal: goals.p50, floorLabel: 'fdatasync alone, p50: ms' },
      { key: 'p99', label: `${label}, p99: ms`, goal: goals.p99, floorLabel: 'fdatasync alone, p99: ms' },
    ],
    ...(acks === 'all' && {
      floor: async ({ dataDir }: BrokerUnderTest) => syncDelays(dataDir, { perSecond, bytes: KIB }),
    }),
    measure: async (broker, topic, settings) => {
      await createTopic(broker, topic, 1)
      const load = { count: perSecond * LATENCY_SECONDS, bytes: KIB, rate: perSecond, acks }
      const { p50Ms, p99Ms } = await loadLatency(
        { bootstrap: broker.bootstrap, topic },
        scaled(load, settings),
      )
      await deleteTopic(broker, topic)
      return { p50: p50Ms, p99: p99Ms }
    },
  }
}

function crowdRow(name: string, partitions: number): Row {
  const label = `100 producers, 100 consumers, 100 B, ${partitions} partitions`
  return {
    name,
    metrics: [
      { key: 'rate', label: `${label}: thousand/s`, goal: "above Kafka's", digits: 1 },
      { key: 'p99', label: `${label}, p99: ms`, goal: "below Kafka's" },
      cpu(label, ''),
    ],
    measure: async (broker, topic, settings) => {
      await createTopic(broker, topic, partitions)
      const sample = await withCpu(broker, async () => {
        const load = scaled({ count: 100_000, bytes: 100, clients: 100, window: 10, partitions }, settings)
        const { p99Ms, recordsPerSecond } = await loadCrowd({ bootstrap: broker.bootstrap, topic }, load)
        return { rate: recordsPerSecond / 1000, p99: p99Ms }
      })
      await deleteTopic(broker, topic)
      return sample
    },
  }
}

const memoryAfter: Row = {
  name: 'memory-after',
  metrics: [{ key: 'mb', label: 'memory after the rows above: MB', goal: '200', digits: 0 }],
  measure: async ({ pid }) => ({ mb: residentMegabytes(pid) }),
}

const SMALL_GOALS = [rate('100 B', "1.15 times Kafka's"), cpu('3 million', "0.5 times Kafka's")]
const LARGE_GOALS = [
  rate('1 KiB', ''),
  megabytes('on the disk', '0.9 of the disk alone'),
  cpu('600,000', "1.2 times Kafka's"),
]
const DURABLE_GOALS = { p50: "1.5 times Kafka's", p99: "Kafka's, and 2.5" }
const WRITTEN_GOALS = { p50: "Kafka's", p99: '' }

/** In the order in which they are measured. */
export const LOAD_ROWS: readonly Row[] = [
  produceRow('produce-1', 'produce, one partition', SMALL, SMALL_GOALS),
  produceRow('produce-12', 'produce, 12 partitions', { ...SMALL, partitions: 12 }, SMALL_GOALS),
  produceRow('produce-1k', 'produce, none', LARGE, LARGE_GOALS),
  produceRow('produce-1k-lz4', 'produce, lz4', { ...LARGE, codec: 'lz4' }, LARGE_GOALS),
  consumeRow('consume-1', 'consume', SMALL, rate('100 B', "1.3 times Kafka's")),
  consumeRow('consume-1k', 'consume', LARGE_TO_READ, megabytes('1 KiB', "1.2 times Kafka's")),
  consumeRow(
    'consume-12',
    'consume, 12 partitions',
    { ...SMALL, partitions: 12 },
    rate('100 B', "1.3 times Kafka's"),
  ),
  consumeCold,
  latencyRow(1000, 'all', DURABLE_GOALS),
  latencyRow(5000, 'all', DURABLE_GOALS),
  latencyRow(10_000, 'all', DURABLE_GOALS),
  latencyRow(1000, '1', WRITTEN_GOALS),
  latencyRow(5000, '1', WRITTEN_GOALS),
  latencyRow(10_000, '1', WRITTEN_GOALS),
  crowdRow('crowd', 12),
  crowdRow('crowd-100', 100),
  memoryAfter,
]
