import { apiByKey } from '@millrace/protocol'
import type { Histogram } from './histogram.ts'
import type { Counter, MetricName, MetricRegistry } from './metric-registry.ts'

/** Microseconds, in metrics that are told in milliseconds. */
const MICROSECOND = 0.001

/** One request that was answered. */
export interface FinishedRequest {
  readonly apiKey: number
  /** When its frame was whole. */
  readonly wholeMs: number
  /** Later than `wholeMs` by the time that earlier requests of the connection held it back. */
  readonly startedMs: number
  /** When it was applied, or answered when that came first. */
  readonly settledMs: number
  /** When its answer was ready, if that had to wait for earlier ones; otherwise 0. */
  readonly answeredMs: number
  readonly requestBytes: number
}

interface ApiMetrics {
  readonly requests: Counter
  readonly requestBytes: Counter
  readonly requestQueueMs: Histogram
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

  /** The answer was handed to the network at `nowMs`. The phases add up to `TotalTimeMs`, as in Kafka. */
  record(request: FinishedRequest, nowMs: number): void {
    const { apiKey, requestBytes, wholeMs, startedMs, settledMs, answeredMs } = request
    const metrics = this.#byKey[apiKey] ?? this.#register(apiKey)
    const localMs = settledMs - startedMs
    const queuedMs = answeredMs === 0 ? 0 : nowMs - answeredMs
    metrics.requests.add(1)
    metrics.requestBytes.add(requestBytes)
    metrics.requestQueueMs.record(startedMs - wholeMs)
    metrics.localMs.record(localMs)
    metrics.remoteMs.record(nowMs - startedMs - queuedMs - localMs)
    metrics.responseQueueMs.record(queuedMs)
    metrics.totalMs.record(nowMs - wholeMs)
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
      requestQueueMs: this.#registry.histogram(named('RequestQueueTimeMs'), MICROSECOND),
      localMs: this.#registry.histogram(named('LocalTimeMs'), MICROSECOND),
      remoteMs: this.#registry.histogram(named('RemoteTimeMs'), MICROSECOND),
      responseQueueMs: this.#registry.histogram(named('ResponseQueueTimeMs'), MICROSECOND),
      totalMs: this.#registry.histogram(named('TotalTimeMs'), MICROSECOND),
    }
    this.#byKey[apiKey] = metrics
    return metrics
  }
}
