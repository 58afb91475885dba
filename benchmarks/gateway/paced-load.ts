/** Records at a steady rate, each with the time when it was due: whatever is late anywhere counts as latency. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '@millrace/client'
import { LatencyHistogram } from './latency-histogram.ts'

const TICK_MS = 2

export interface PacedLoadOptions {
  readonly topic: string
  readonly perSecond: number
  readonly seconds: number
}

/** Sends for so long; resolves when all of it is written, with how long that took from when it was due. */
export async function sendPaced(
  client: Client,
  { perSecond, seconds, topic }: PacedLoadOptions,
): Promise<LatencyHistogram> {
  const written = new LatencyHistogram()
  const producer = client.producer({ compression: 'none' })
  const startMs = performance.now()
  const total = Math.round(perSecond * seconds)
  const sends: Promise<unknown>[] = []
  let sentCount = 0
  while (sentCount < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * perSecond))
    const firstDueMs = startMs + (sentCount / perSecond) * 1_000
    const records = []
    for (; sentCount < due; sentCount++) {
      const dueMs = performance.timeOrigin + startMs + (sentCount / perSecond) * 1_000
      records.push({ value: `{"due":${dueMs.toFixed(2)},"sensor":"north-${sentCount % 50}","degrees":21.5}` })
    }
    if (records.length > 0) {
      const sent = producer.sendMany(topic, records)
      sends.push(sent.then(() => written.record(performance.now() - firstDueMs)))
    }
    await wait(TICK_MS)
  }
  await Promise.all(sends)
  await producer.close()
  return written
}
