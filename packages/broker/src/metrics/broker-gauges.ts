import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import type { CoordinatorShard } from '@millrace/consumer-groups'
import type { BrokerServices } from '../broker-services.ts'
import type { ConnectionRegistry } from '../network/connection-registry.ts'
import type { Partition } from '../partition/partition.ts'
import { serverMetric } from './broker-metrics.ts'
import type { MetricRegistry } from './metric-registry.ts'

/** Fifty times a second: what is shorter is no delay to a client. */
const LOOP_RESOLUTION_MS = 20

/** Where the gauges read. A property each time: the services may be replaced. */
export interface GaugeSource {
  readonly services: BrokerServices
  readonly connections: ConnectionRegistry
}

/** What is counted where it lies, only when somebody looks. */
export function registerGauges(source: GaugeSource, registry: MetricRegistry): void {
  registerPartitionGauges(source, registry)
  registerGroupGauges(source, registry)
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

function registerGroupGauges(source: GaugeSource, registry: MetricRegistry): void {
  const gauge = (name: string, of: (shard: CoordinatorShard) => number): void => {
    registry.gauge({ group: 'kafka.coordinator.group', type: 'GroupMetadataManager', name }, () =>
      source.services.groups.loadedShards().reduce((sum, shard) => sum + of(shard), 0),
    )
  }
  gauge('NumGroups', ({ groups }) => groups.size)
  gauge('NumMembers', ({ groups }) => {
    let total = 0
    for (const { members } of groups.values()) total += members.size
    return total
  })
  gauge('NumOffsets', ({ groups, offsets }) => {
    let total = 0
    for (const groupId of groups.keys()) {
      for (const partitions of offsets.ofGroup(groupId)?.values() ?? []) total += partitions.size
    }
    return total
  })
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

/** How late the event loop runs, in milliseconds since the broker's start. Returns what ends the measuring. */
export function measureLoopDelay(registry: MetricRegistry): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delay.enable()
  // What it counts is the time between two of its timers, of which its resolution is no delay.
  const told = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - LOOP_RESOLUTION_MS)
  const gauge = (name: string, read: () => number): void =>
    registry.gauge({ group: 'process', type: 'EventLoop', name }, () =>
      delay.count === 0 ? 0 : told(read()),
    )
  gauge('DelayMsP50', () => delay.percentile(50))
  gauge('DelayMsP99', () => delay.percentile(99))
  gauge('DelayMsMax', () => delay.max)
  return () => delay.disable()
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
