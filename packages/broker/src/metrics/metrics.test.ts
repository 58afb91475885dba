import { Prng } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'
import { MetricRegistry, metricKey } from './metric-registry.ts'
import { RequestMetrics } from './request-metrics.ts'

describe('Histogram', () => {
  it('tells quantiles within a sixteenth of the truth', () => {
    const prng = new Prng(5)
    const histogram = new Histogram(0.001)
    const values: number[] = []
    for (let index = 0; index < 20_000; index++) {
      const value = 0.01 * 1.001 ** prng.below(12_000)
      values.push(value)
      histogram.record(value)
    }
    values.sort((left, right) => left - right)
    for (const part of [0.01, 0.5, 0.95, 0.99, 0.999, 1]) {
      const truth = values[Math.ceil(part * values.length) - 1] ?? 0
      const told = histogram.quantile(part)
      expect(told, `${part}`).toBeGreaterThanOrEqual(truth * 0.93)
      expect(told, `${part}`).toBeLessThanOrEqual(truth * 1.07)
    }
  })

  it('is exact for small numbers, and 0 when it is empty', () => {
    const histogram = new Histogram()
    expect(histogram.quantile(0.99)).toBe(0)
    for (const value of [1, 2, 3, 4]) histogram.record(value)
    expect(histogram.quantile(0.5)).toBe(2)
    expect(histogram.snapshot()).toMatchObject({ count: 4, sum: 10, max: 4, p999: 4 })
  })

  it('takes what is negative or beyond all bounds', () => {
    const histogram = new Histogram(0.001)
    histogram.record(-5)
    histogram.record(1e15)
    expect(histogram.count).toBe(2)
    expect(histogram.quantile(0.5)).toBe(0)
  })
})

describe('MetricRegistry', () => {
  it('shows counters, gauges and histograms as they are when asked', () => {
    const registry = new MetricRegistry()
    const counter = registry.counter({ group: 'g', type: 't', name: 'c' })
    let level = 1
    registry.gauge({ group: 'g', type: 't', name: 'l', tags: { topic: 'x' } }, () => level)
    counter.add(3)
    level = 7
    expect(registry.snapshot().map((metric) => [metricKey(metric), metric.kind, metric.value])).toEqual([
      ['g:type=t,name=c', 'counter', 3],
      ['g:type=t,name=l,topic=x', 'gauge', 7],
    ])
  })

  it('takes a name once', () => {
    const registry = new MetricRegistry()
    registry.counter({ group: 'g', type: 't', name: 'c' })
    expect(() => registry.counter({ group: 'g', type: 't', name: 'c' })).toThrow(/twice/)
  })
})

describe('RequestMetrics', () => {
  it('keeps the APIs apart, by the names that Kafka gives them', () => {
    const registry = new MetricRegistry()
    const requests = new RequestMetrics(registry)
    const produce = { apiKey: 0, requestBytes: 100, wholeMs: 8 }
    requests.record({ ...produce, startedMs: 10, settledMs: 11, answeredMs: 14 }, 15)
    requests.record({ ...produce, apiKey: 1, startedMs: 8, settledMs: 9, answeredMs: 0 }, 9)
    requests.record({ ...produce, startedMs: 8, settledMs: 10, answeredMs: 14 }, 17)
    const told = new Map(registry.snapshot().map((metric) => [metricKey(metric), metric.value]))
    expect(told.get('kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Produce')).toBe(2)
    expect(told.get('kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Fetch')).toBe(1)
    expect(told.get('kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce')).toMatchObject({
      count: 2,
      max: 9,
    })
    const phase = (name: string): unknown =>
      told.get(`kafka.network:type=RequestMetrics,name=${name},request=Produce`)
    expect(phase('RequestQueueTimeMs')).toMatchObject({ max: 2, sum: 2 })
    expect(phase('LocalTimeMs')).toMatchObject({ max: 2, sum: 3 })
    expect(phase('RemoteTimeMs')).toMatchObject({ max: 4, sum: 7 })
    expect(phase('ResponseQueueTimeMs')).toMatchObject({ max: 3, sum: 4 })
  })
})
