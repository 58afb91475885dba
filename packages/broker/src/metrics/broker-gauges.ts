import process from 'node:process'
import type { BrokerServices } from '../broker-services.ts'
import type { ConnectionRegistry } from '../network/connection-registry.ts'
import type { Partition } from '../partition/partition.ts'
import { serverMetric } from './broker-metrics.ts'
import type { MetricRegistry } from './metric-registry.ts'

/** Where the gauges read. A property each time: the services may be replaced. */
export interface GaugeSource {
  readonly services: BrokerServices
  readonly connections: ConnectionRegistry
}

/** What is counted where it lies, only when somebody looks. */
export function registerGauges(source: GaugeSource, registry: MetricRegistry): void {
  registerPartitionGauges(source, registry)
  registerConnectionGauges(source, registry)
  registerProcessGauges(registry)
}

function registerPartitionGauges(source: GaugeSource, registry: MetricRegistry): void {
  const sum = (of: (partition: Partition) => number): number => {
    let total = 0
    for (const partition of source.services.partitions.all()) total += of(partition)
    return total
  }
  registry.gauge(serverMetric('ReplicaManager', 'PartitionCount'), () => sum(() => 1))
  registry.gauge(serverMetric('ReplicaManager', 'OfflineReplicaCount'), () =>
    sum(({ onlineLog }) => (onlineLog === null ? 1 : 0)),
  )
  registry.gauge({ group: 'kafka.controller', type: 'KafkaController', name: 'GlobalTopicCount' }, () => {
    return source.services.catalog.topicCount
  })
  registry.gauge({ group: 'kafka.log', type: 'Log', name: 'Size' }, () =>
    sum(({ log }) => log?.sizeBytes ?? 0),
  )
  registry.gauge({ group: 'kafka.log', type: 'Log', name: 'NumLogSegments' }, () =>
    sum(({ log }) => log?.segmentCount ?? 0),
  )
  registry.gauge(
    {
      group: 'kafka.server',
      type: 'DelayedOperationPurgatory',
      name: 'PurgatorySize',
      tags: { delayedOperation: 'Fetch' },
    },
    () => source.services.delayedFetches.size,
  )
  registry.gauge(
    serverMetric('FetchSessionCache', 'NumIncrementalFetchSessions'),
    () => source.services.fetchSessions.size,
  )
}

function registerConnectionGauges({ connections }: GaugeSource, registry: MetricRegistry): void {
  const socket = (name: string) => ({ group: 'kafka.server', type: 'socket-server-metrics', name })
  registry.gauge(socket('connection-count'), () => connections.size)
  registry.gauge(socket('requests-in-flight'), () => {
    let total = 0
    for (const { requestsInFlight } of connections.all()) total += requestsInFlight
    return total
  })
  registry.gauge(socket('received-bytes-in-flight'), () => connections.receiveBudget.usedBytes)
  registry.gauge(socket('reply-bytes-held'), () => connections.replyBudget.heldBytes)
}

function registerProcessGauges(registry: MetricRegistry): void {
  const memory = (name: string) => ({ group: 'process', type: 'Memory', name })
  registry.gauge(memory('RssBytes'), () => process.memoryUsage.rss())
  registry.gauge(memory('HeapUsedBytes'), () => process.memoryUsage().heapUsed)
  registry.gauge(memory('ArrayBufferBytes'), () => process.memoryUsage().arrayBuffers)
  registry.gauge({ group: 'process', type: 'Cpu', name: 'Seconds' }, () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1e6
  })
}
