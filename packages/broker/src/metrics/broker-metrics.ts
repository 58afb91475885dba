import { type Counter, type MetricName, MetricRegistry } from './metric-registry.ts'
import { RequestMetrics } from './request-metrics.ts'

/** The counters that stand in the ways of produce and fetch, and the registry that all metrics are in. */
export class BrokerMetrics {
  readonly registry = new MetricRegistry()
  readonly requests: RequestMetrics
  readonly messagesIn: Counter
  readonly bytesIn: Counter
  readonly bytesOut: Counter
  readonly failedProduce: Counter
  readonly failedFetch: Counter
  readonly duplicateBatches: Counter
  readonly recompressedBatches: Counter
  readonly connectionsOpened: Counter
  readonly connectionsClosed: Counter
  readonly connectionsRefused: Counter

  constructor() {
    const { registry } = this
    const topics = (name: string): Counter => registry.counter(serverMetric('BrokerTopicMetrics', name))
    const sockets = (name: string): Counter =>
      registry.counter({ group: 'kafka.server', type: 'socket-server-metrics', name })
    this.messagesIn = topics('MessagesInPerSec')
    this.bytesIn = topics('BytesInPerSec')
    this.bytesOut = topics('BytesOutPerSec')
    this.failedProduce = topics('FailedProduceRequestsPerSec')
    this.failedFetch = topics('FailedFetchRequestsPerSec')
    this.duplicateBatches = topics('DuplicateBatchesPerSec')
    this.recompressedBatches = topics('ProduceMessageConversionsPerSec')
    this.connectionsOpened = sockets('connection-creation-total')
    this.connectionsClosed = sockets('connection-close-total')
    this.connectionsRefused = sockets('connection-refused-total')
    this.requests = new RequestMetrics(registry)
  }
}

/** A metric of Kafka's `kafka.server`. */
export function serverMetric(type: string, name: string): MetricName {
  return { group: 'kafka.server', type, name }
}
