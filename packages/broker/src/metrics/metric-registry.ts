import { strict as assert } from 'node:assert'
import { Histogram, type HistogramSnapshot } from './histogram.ts'

/** What a metric is called: Kafka's own vocabulary (group, type, name, tags), so that its dashboards can be used. */
export interface MetricName {
  /** As `kafka.server`. */
  readonly group: string
  /** As `BrokerTopicMetrics`. */
  readonly type: string
  /** As `BytesInPerSec`. */
  readonly name: string
  readonly tags?: Readonly<Record<string, string>>
}

/** One metric at one moment. */
export type MetricValue = MetricName &
  (
    | { readonly kind: 'counter' | 'gauge'; readonly value: number }
    | { readonly kind: 'histogram'; readonly value: HistogramSnapshot }
  )

/** A number that only grows. A field, because it stands in hot paths. */
export class Counter {
  count = 0

  add(by: number): void {
    this.count += by
  }
}

/** All metrics of one broker. Nothing here is global. */
export class MetricRegistry {
  readonly #readers = new Map<string, () => MetricValue>()

  counter(name: MetricName): Counter {
    const counter = new Counter()
    this.#add(name, () => ({ ...name, kind: 'counter', value: counter.count }))
    return counter
  }

  /** `step`: see Histogram. */
  histogram(name: MetricName, step?: number): Histogram {
    const histogram = new Histogram(step)
    this.#add(name, () => ({ ...name, kind: 'histogram', value: histogram.snapshot() }))
    return histogram
  }

  /** A value that is asked for when somebody wants to see it. */
  gauge(name: MetricName, read: () => number): void {
    this.#add(name, () => ({ ...name, kind: 'gauge', value: read() }))
  }

  /** Everything as it is now, in the order in which it was registered. */
  snapshot(): MetricValue[] {
    return Array.from(this.#readers.values(), (read) => read())
  }

  #add(name: MetricName, read: () => MetricValue): void {
    const key = metricKey(name)
    assert(!this.#readers.has(key), `metric ${key} is registered twice`)
    this.#readers.set(key, read)
  }
}

/** `group:type=T,name=N,tag=V`: the form in which Kafka's metrics are known. */
export function metricKey({ group, type, name, tags = {} }: MetricName): string {
  const parts = [
    `type=${type}`,
    `name=${name}`,
    ...Object.entries(tags).map(([tag, value]) => `${tag}=${value}`),
  ]
  return `${group}:${parts.join(',')}`
}
