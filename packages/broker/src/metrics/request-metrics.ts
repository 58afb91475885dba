import { apiByKey } from '@millrace/protocol'
import type { Histogram } from './histogram.ts'
import type { Counter, MetricName, MetricRegistry } from './metric-registry.ts'

/** Microseconds, in metrics that are told in milliseconds. */
const MICROSECOND = 0.001

/** One request that was answered. */
export interface FinishedRequest {
  readonly apiKey: number
  /** From its start until it was applied, or answered when that came first. */
  readonly localMs: number
  /** While its answer was ready and waited for earlier ones. */
  readonly queuedMs: number
  /** From its start until its answer was handed to the network. */
  readonly totalMs: number
  readonly requestBytes: number
}

interface ApiMetrics {
  readonly requests: Counter
  readonly requestBytes: Counter
  readonly localMs: Histogram
  readonly remoteMs: Histogram
  readonly responseQueueMs: Histogram
  readonly totalMs: Histogram
}

/** Times and sizes of requests by API: Kafka's `RequestMetrics`. */
export class RequestMetrics {
  readonly #registry: MetricRegistry
  readonly #byKey: (ApiMetrics | undefined)[] = []

  constructor(registry: MetricRegistry) {
    this.#registry = registry
  }

  record({ apiKey, localMs, queuedMs, totalMs, requestBytes }: FinishedRequest): void {
    const metrics = this.#byKey[apiKey] ?? this.#register(apiKey)
    metrics.requests.add(1)
    metrics.requestBytes.add(requestBytes)
    metrics.localMs.record(localMs)
    metrics.remoteMs.record(totalMs - queuedMs - localMs)
    metrics.responseQueueMs.record(queuedMs)
    metrics.totalMs.record(totalMs)
  }

  /** An API has metrics once it was asked for. */
  #register(apiKey: number): ApiMetrics {
    const tags = { request: apiByKey(apiKey)?.name ?? String(apiKey) }
    const named = (name: string): MetricName => ({
      group: 'kafka.network',
      type: 'RequestMetrics',
      name,
      tags,
    })
    const metrics: ApiMetrics = {
      requests: this.#registry.counter(named('RequestsPerSec')),
      requestBytes: this.#registry.counter(named('RequestBytes')),
      localMs: this.#registry.histogram(named('LocalTimeMs'), MICROSECOND),
      remoteMs: this.#registry.histogram(named('RemoteTimeMs'), MICROSECOND),
      responseQueueMs: this.#registry.histogram(named('ResponseQueueTimeMs'), MICROSECOND),
      totalMs: this.#registry.histogram(named('TotalTimeMs'), MICROSECOND),
    }
    this.#byKey[apiKey] = metrics
    return metrics
  }
}
