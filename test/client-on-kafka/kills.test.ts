/**
 * Our client through brokers that are killed: what was acknowledged is there once and in order, and consumers go on by
 * themselves. Three kills of Millrace here; nightly it is twenty, of Apache Kafka too (CLIENT_KILLS, CLIENT_KILLS_KAFKA).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@millrace/client'
import { describe, expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { type ApacheKafka, startKafka } from '../kafka/apache-kafka.ts'

const KILLS = Number(process.env.CLIENT_KILLS ?? 3)
const KAFKA_KILLS = Number(process.env.CLIENT_KILLS_KAFKA ?? 0)
const PARTITIONS = 2

interface Mortal extends AsyncDisposable {
  readonly bootstrap: string
  killAndRestart(): Promise<void>
}

async function mortalMillrace(): Promise<Mortal> {
  const broker = await MillraceProcess.start()
  return {
    bootstrap: broker.bootstrap,
    async killAndRestart() {
      await broker.kill()
      await broker.restart()
    },
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

async function mortalKafka(): Promise<Mortal> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mortal-'))
  // It names the port in its own log, so it has to come back on the same one.
  const options = { heap: '512m', dataDir: join(folder, 'data'), port: await freePort() }
  let kafka: ApacheKafka = await startKafka(options)
  return {
    bootstrap: kafka.bootstrap,
    async killAndRestart() {
      await kafka.kill()
      kafka = await startKafka(options)
    },
    async [Symbol.asyncDispose]() {
      await kafka.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function surviveKills(broker: Mortal, kills: number): Promise<void> {
  await using client = createClient({ bootstrapServers: broker.bootstrap, requestTimeoutMs: 5_000 })
  await client.admin.createTopics([{ name: 'kept', partitions: PARTITIONS }])
  const producer = client.producer()
  let isOver = false
  const acknowledged: number[][] = Array.from({ length: PARTITIONS }, () => [])
  const sending = acknowledged.map(async (kept, partition) => {
    for (let n = 0; !isOver; n++) {
      // Several at a time, so that batches are in flight when the broker dies.
      const group = Array.from({ length: 20 }, (_, i) => n * 20 + i)
      await Promise.all(group.map((value) => producer.send('kept', { value: String(value), partition })))
      kept.push(...group)
    }
  })
  const count = (): number => acknowledged.reduce((sum, kept) => sum + kept.length, 0)
  const consumed = new Set<string>()
  const stop = new AbortController()
  const options = { group: 'survivors', signal: stop.signal, heartbeatIntervalMs: 200 }
  const consuming = client.topic('kept').consume(options, ({ partition, value }) => {
    consumed.add(`${partition}/${value}`)
  })
  for (let kill = 0; kill < kills; kill++) {
    // However slow the machine is: each life has taken something, and dies at another point of its work.
    const before = count()
    await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(before)
    await wait(97 * (kill % 7))
    await broker.killAndRestart()
  }
  await wait(300)
  isOver = true
  await Promise.all(sending)
  const logs: number[][] = Array.from({ length: PARTITIONS }, () => [])
  for await (const { partition, value } of client.read('kept')) logs[partition]?.push(Number(value))
  expect(logs).toEqual(acknowledged)
  const total = count()
  await expect.poll(() => consumed.size, { timeout: 30_000 }).toBe(total)
  stop.abort()
  await consuming
}

describe('our client', () => {
  it(`goes on through ${KILLS} kills of Millrace`, async () => {
    await using broker = await mortalMillrace()
    await surviveKills(broker, KILLS)
  }, 120_000)

  it.runIf(KAFKA_KILLS > 0)(
    `goes on through ${KAFKA_KILLS} kills of Apache Kafka`,
    async () => {
      await using broker = await mortalKafka()
      await surviveKills(broker, KAFKA_KILLS)
    },
    900_000,
  )
})
