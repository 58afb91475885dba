import { strict as assert } from 'node:assert'
import type { Client } from '@millrace/client'
import { formatSpread, spreadOf } from '../harness/median.ts'

/** Each topic is read from its beginning to its end. */
export async function measureConsume(
  client: Client,
  topics: readonly string[],
  count: number,
): Promise<string[]> {
  const rates: number[] = []
  for (const topic of topics) {
    const startMs = performance.now()
    let got = 0
    for await (const batch of client.topic(topic).readBatches()) got += batch.length
    assert.equal(got, count)
    rates.push(count / (performance.now() - startMs) / 1000)
  }
  return [`| consume 100 B from the start: million records/s | ${formatSpread(spreadOf(rates))} |`]
}
