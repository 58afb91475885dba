import type { BrokerSnapshot, MetricValue, PartitionSnapshot } from '@millrace/broker'
import type { MetricFamily, Sample } from './metric-family.ts'

const QUANTILES = [
  ['0.5', 'p50'],
  ['0.95', 'p95'],
  ['0.99', 'p99'],
  ['0.999', 'p999'],
] as const

/** Told for each partition instead, as Kafka does. */
const TOLD_BY_PARTITION = 'kafka_log_log_'

/**
 * The broker's metrics under the names that the JMX exporter's rules for Kafka give them: `kafka.server`,
 * `BrokerTopicMetrics`, `BytesInPerSec` is `kafka_server_brokertopicmetrics_bytesin_total`. Existing dashboards fit.
 */
export function brokerFamilies(metrics: readonly MetricValue[]): MetricFamily[] {
  const families = new Map<string, { family: Omit<MetricFamily, 'samples'>; samples: Sample[] }>()
  for (const metric of metrics) {
    const name = familyName(metric)
    if (name.startsWith(TOLD_BY_PARTITION)) continue
    const kind = metric.kind === 'histogram' ? 'summary' : metric.kind
    const help = `${metric.group}:type=${metric.type},name=${metric.name}`
    const known = families.get(name) ?? { family: { name, kind, help }, samples: [] }
    known.samples.push(...samplesOf(metric))
    families.set(name, known)
  }
  return Array.from(families.values(), ({ family, samples }) => ({ ...family, samples }))
}

/** What is known of each partition: under the JMX exporter's names for a log, and kafka_exporter's for offsets. */
export function partitionFamilies({ partitions }: BrokerSnapshot): MetricFamily[] {
  const family = (
    name: string,
    help: string,
    read: (partition: PartitionSnapshot) => number,
  ): MetricFamily => ({
    name,
    kind: 'gauge',
    help,
    samples: partitions.map((partition) => ({
      suffix: '',
      labels: { topic: partition.topic, partition: String(partition.partition) },
      value: read(partition),
    })),
  })
  return [
    family('kafka_log_log_size', 'Bytes of the log', ({ sizeBytes }) => sizeBytes),
    family('kafka_log_log_numlogsegments', 'Segments of the log', ({ segmentCount }) => segmentCount),
    family('kafka_log_log_logstartoffset', 'First offset of the log', ({ logStartOffset }) => logStartOffset),
    family('kafka_log_log_logendoffset', 'Next offset to be written', ({ logEndOffset }) => logEndOffset),
    family(
      'kafka_topic_partition_current_offset',
      'First offset that consumers do not see yet',
      (at) => at.highWatermark,
    ),
    family(
      'kafka_topic_partition_oldest_offset',
      'First offset that consumers can still read',
      (at) => at.logStartOffset,
    ),
    family('millrace_partition_online', '1 while the partition can be read', ({ failure }) =>
      failure === null ? 1 : 0,
    ),
    family(
      'millrace_partition_writable',
      '1 while the partition can be written: 0 also while the disk is full',
      ({ failure, isDiskFull }) => (failure === null && !isDiskFull ? 1 : 0),
    ),
  ]
}

function familyName({ group, kind, name, type }: MetricValue): string {
  const parts = [group, type, kind === 'counter' ? name.replace(/(PerSec|[-_]total)$/, '') : name]
  return parts
    .join('_')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
}

function samplesOf(metric: MetricValue): Sample[] {
  const labels = metric.tags ?? {}
  if (metric.kind !== 'histogram') return [{ suffix: '', labels, value: metric.value }]
  const { value } = metric
  return [
    ...QUANTILES.map(([quantile, field]) => ({
      suffix: '',
      labels: { ...labels, quantile },
      value: value[field],
    })),
    { suffix: '_sum', labels, value: value.sum },
    { suffix: '_count', labels, value: value.count },
  ]
}
