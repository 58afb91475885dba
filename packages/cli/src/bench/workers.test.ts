import type { Client, ProducerRecord } from '@millrace/client'
import { expect, it } from 'vitest'
import { benchOptions } from './bench-options.ts'
import { Latencies, summary } from './latencies.ts'
import { produceFor } from './workers.ts'

const STALL_MS = 80
const PER_SECOND = 1_000

/** A client whose first send keeps everything waiting; all of them are acknowledged at once. */
function stallingClient(sent: ProducerRecord[]): Client {
  const sendMany = async (_topic: string, records: readonly ProducerRecord[]): Promise<void> => {
    if (sent.length === 0) {
      const endMs = performance.now() + STALL_MS
      while (performance.now() < endMs);
    }
    sent.push(...records)
  }
  return { producer: () => ({ sendMany, close: async () => {} }) } as unknown as Client
}

it('a stall counts for every record that was due while it lasted', async () => {
  const sent: ProducerRecord[] = []
  const latencies = new Latencies()
  const [options] = benchOptions({
    ...{ bootstrap: undefined, config: undefined, profile: undefined, topic: undefined, output: 'table' },
    ...{ what: 'produce', topics: '1', partitions: '1', size: '100', rate: `${PER_SECOND}/s`, quiet: false },
    ...{ duration: '100ms', records: '1', acks: 'all', compression: 'none' },
  })
  if (options === undefined) throw new Error('there is one rate')
  const work = await produceFor(stallingClient(sent), ['t'], options, latencies, new AbortController().signal)
  expect(work).toMatchObject({ records: 100, failed: 0 })
  // Due one after the other for 80 ms, and sent at its end: so late were the first eighty, evenly.
  expect(summary(latencies).max).toBeGreaterThanOrEqual(STALL_MS)
  expect(summary(latencies).p50).toBeGreaterThan(STALL_MS / 4)
  // A reader counts from when a record was due too, not from when it left.
  const stamps = sent.map(({ value }) => (value as Buffer).readDoubleBE(0))
  const steps = stamps.slice(1).map((stamp, i) => stamp - (stamps[i] ?? 0))
  expect(Math.min(...steps)).toBeCloseTo(1_000 / PER_SECOND, 3)
  expect(Math.max(...steps)).toBeCloseTo(1_000 / PER_SECOND, 3)
})
