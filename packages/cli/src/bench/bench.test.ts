import { describe, expect, it } from 'vitest'
import type { BenchArguments } from '../commands/bench.ts'
import { parseRate } from '../pace.ts'
import { benchOptions } from './bench-options.ts'
import { Latencies, plot, summary } from './latencies.ts'
import { openLoop } from './open-loop.ts'

const ARGS: BenchArguments = {
  bootstrap: undefined,
  config: undefined,
  profile: undefined,
  what: 'produce',
  topic: undefined,
  topics: '1',
  partitions: '2',
  size: '100',
  rate: undefined,
  duration: '500ms',
  records: '10',
  acks: '1',
  compression: 'none',
  output: 'table',
  quiet: false,
}

describe('the options of bench', () => {
  it('are numbers with units', () => {
    expect(benchOptions(ARGS)).toMatchObject([
      { partitions: 2, sizesBytes: [100], perSecond: null, durationMs: 500, acks: 1 },
    ])
    expect(benchOptions({ ...ARGS, what: 'latency' })[0]?.perSecond).toBe(1_000)
    expect(benchOptions({ ...ARGS, rate: '120/m,5', duration: '2m' })).toMatchObject([
      { perSecond: 2, durationMs: 120_000 },
      { perSecond: 5, durationMs: 120_000 },
    ])
    expect(benchOptions({ ...ARGS, size: '100,1000' })[0]?.sizesBytes).toEqual([100, 1000])
    expect(parseRate('--rate', '1.5/s')).toBe(1.5)
  })

  it('are refused by name', () => {
    expect(() => benchOptions({ ...ARGS, what: 'everything' as 'mixed' })).toThrow(
      'name one of produce, consume',
    )
    expect(() => benchOptions({ ...ARGS, size: '4' })).toThrow('--size 4: expected a whole number from 8')
    expect(() => benchOptions({ ...ARGS, duration: 'long' })).toThrow('--duration long: expected a time')
  })
})

describe('latencies', () => {
  it('are told by percentile, within a thousandth', () => {
    const latencies = new Latencies()
    for (let ms = 1; ms <= 1000; ms++) latencies.add(ms)
    const { p50, p99, max } = summary(latencies)
    expect(p50).toBeCloseTo(500, -1)
    expect(p99).toBeCloseTo(990, -1)
    expect(max).toBeCloseTo(1000, -1)
    const lines = (columns: number): string[] => plot(latencies, columns).trimEnd().split('\n')
    expect(lines(100)).toHaveLength(10)
    expect(Math.max(...lines(100).map(({ length }) => length))).toBe(60)
    expect(Math.max(...lines(40).map(({ length }) => length))).toBe(40)
    expect(summary(new Latencies())).toMatchObject({ p50: 0, max: 0 })
  })
})

describe('an open loop', () => {
  it('hands out every record once, with the moment at which it was due', async () => {
    const due: number[] = []
    const options = { perSecond: 2_000, durationMs: 100, signal: new AbortController().signal }
    const sent = await openLoop(options, (count, firstDueMs, stepMs) => {
      for (let i = 0; i < count; i++) due.push(firstDueMs + i * stepMs)
    })
    expect(sent).toBe(200)
    expect(due).toHaveLength(200)
    for (let i = 1; i < due.length; i++) expect((due[i] ?? 0) - (due[i - 1] ?? 0)).toBeCloseTo(0.5, 3)
  })
})
