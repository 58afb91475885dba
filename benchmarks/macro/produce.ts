import type { Client } from '@millrace/client'
import type { RecordInput } from '@millrace/record-batch'
import { formatSpread, spreadOf } from '../harness/median.ts'

const RECORDS_PER_SEND = 10_000

/** Each topic gets all records, under acks=all. */
export async function measureProduce(
  client: Client,
  topics: readonly string[],
  records: readonly RecordInput[],
): Promise<string[]> {
  const rates: number[] = []
  for (const topic of topics) {
    const producer = client.producer({ compression: 'none' })
    const startMs = performance.now()
    const sending: Promise<unknown>[] = []
    for (let start = 0; start < records.length; start += RECORDS_PER_SEND) {
      const part = records.slice(start, start + RECORDS_PER_SEND)
      sending.push(producer.sendMany(topic, part as Parameters<typeof producer.sendMany>[1]))
    }
    await Promise.all(sending)
    rates.push(records.length / (performance.now() - startMs) / 1000)
    await producer.close()
  }
  return [`| produce 100 B, acks=all: million records/s | ${formatSpread(spreadOf(rates))} |`]
}
