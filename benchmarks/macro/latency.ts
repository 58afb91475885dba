import process from 'node:process'
import type { Client } from '@millrace/client'
import { formatSpread, spreadOf } from '../harness/median.ts'

export interface LatencyOptions {
  readonly rounds: number
  readonly count: number
  readonly perSecond: number
}

/** From when a record was due to be sent to when it was read: a stall counts for every record behind it. */
export async function measureLatency(client: Client, options: LatencyOptions): Promise<string[]> {
  const medians: number[] = []
  const tails: number[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const topic = `latency-${process.pid}-${round}`
    await client.admin.createTopics([{ name: topic, partitions: 1 }])
    const delays = (await measureRound(client, topic, options)).sort((a, b) => a - b)
    medians.push(delays[delays.length >> 1] ?? Number.NaN)
    tails.push(delays[Math.floor(delays.length * 0.99)] ?? Number.NaN)
  }
  return [
    `| produce to consume at ${options.perSecond}/s, p50: ms | ${formatSpread(spreadOf(medians))} |`,
    `| the same, p99: ms | ${formatSpread(spreadOf(tails))} |`,
  ]
}

async function measureRound(client: Client, topic: string, options: LatencyOptions): Promise<number[]> {
  const { count, perSecond } = options
  const ended = new AbortController()
  const delays: number[] = []
  const reading = (async (): Promise<void> => {
    const read = { from: 'beginning', follow: true, signal: ended.signal } as const
    for await (const { value } of client.topic(topic).read(read)) {
      delays.push(performance.now() - Number(value))
      if (delays.length === count) ended.abort()
    }
  })()
  const producer = client.producer({ lingerMs: 0 })
  const startMs = performance.now() + 100
  const sending: Promise<unknown>[] = []
  for (let index = 0; index < count; index += 1) {
    const dueMs = startMs + (index * 1000) / perSecond
    while (performance.now() < dueMs) await new Promise((resolve) => setImmediate(resolve))
    sending.push(producer.send(topic, { value: String(dueMs) }))
  }
  await Promise.all(sending)
  await reading
  await producer.close()
  return delays
}
