import type { BrokerServices } from './broker-services.ts'
import type { ConnectionRegistry } from './network/connection-registry.ts'
import type { Partition } from './partition/partition.ts'

/** One partition as it is at this moment. Offsets and sizes are 0 where the log could not be opened. */
export interface PartitionSnapshot {
  readonly topic: string
  readonly partition: number
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly logEndOffset: number
  readonly sizeBytes: number
  readonly segmentCount: number
  /** Why it can neither be read nor written; null while it can. */
  readonly failure: string | null
  /** The disk is full: appends are refused until there is space again, reads go on. */
  readonly isDiskFull: boolean
}

/** What a broker is at this moment: for metrics, health checks, and whoever asks how it goes. */
export interface BrokerSnapshot {
  readonly clusterId: string
  readonly topicCount: number
  readonly partitions: readonly PartitionSnapshot[]
  readonly connectionCount: number
  readonly requestsInFlight: number
  /** Fetches that wait for records. */
  readonly parkedFetchCount: number
}

/** Reads the numbers where they are kept: no disk access, and no counting while records flow. */
export function takeSnapshot(services: BrokerServices, connections: ConnectionRegistry): BrokerSnapshot {
  let requestsInFlight = 0
  for (const connection of connections.all()) requestsInFlight += connection.requestsInFlight
  return {
    clusterId: services.clusterView.clusterId,
    topicCount: services.catalog.topicCount,
    partitions: [...services.partitions.all()].map(describePartition),
    connectionCount: connections.size,
    requestsInFlight,
    parkedFetchCount: services.delayedFetches.size,
  }
}

function describePartition({ topic, index, log, onlineLog, failure }: Partition): PartitionSnapshot {
  return {
    topic,
    partition: index,
    logStartOffset: log?.logStartOffset ?? 0,
    highWatermark: log?.highWatermark ?? 0,
    logEndOffset: log?.logEndOffset ?? 0,
    sizeBytes: log?.sizeBytes ?? 0,
    segmentCount: log?.segmentCount ?? 0,
    failure: onlineLog === null ? (failure?.message ?? 'the log is offline') : null,
    isDiskFull: onlineLog?.isDiskFull ?? false,
  }
}
