import { setTimeout as wait } from 'node:timers/promises'
import { alterClientQuotas, createTopics, produce } from '@millrace/protocol'
import { buildBatch } from '@millrace/record-batch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { WireClient } from '../bad-input/wire-client.ts'
import { alternatingP99 } from './alternating-p99.ts'
import { HEAVY_TIMEOUT_MS, IS_FULL, sized } from './load-size.ts'

const KIB = 1024
const QUOTA_BYTES = 1024 * KIB
const NOISY_CONNECTIONS = 8
const NOISY_BATCH_BYTES = 256 * KIB
const REQUESTS = sized(300, 5000)
/** Below this the machine's own scheduling is what is measured. */
const LEAST_P99_MS = sized(100, 5)

function batchOf(bytes: number): Buffer {
  return buildBatch([{ key: null, value: Buffer.alloc(bytes, 'x'), timestampMs: 1_700_000_000_000 }], {})
}

async function write(client: WireClient, topic: string, records: Buffer): Promise<void> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData }
  const answer = await client.ask(produce, 9, request)
  expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
}

/** A broker, and a client of it that asks for little. */
async function openScene(): Promise<{ broker: MillraceProcess; quiet: WireClient }> {
  const broker = await MillraceProcess.start()
  const quiet = await WireClient.connect(broker.port)
  const asked = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await quiet.ask(createTopics, 7, { topics: ['quiet', 'noisy'].map((name) => ({ name, ...asked })) })
  return { broker, quiet }
}

/** Connections that write as fast as they are let. */
class Noise implements AsyncDisposable {
  readonly #clients: readonly WireClient[]
  readonly #startedMs = performance.now()
  /** Of batches that were answered. */
  bytes = 0

  private constructor(clients: readonly WireClient[]) {
    this.#clients = clients
    // A connection that is held up ends without its answer.
    for (const client of clients) this.#write(client).catch(() => {})
  }

  static async start(port: number): Promise<Noise> {
    const connections = Array.from({ length: NOISY_CONNECTIONS }, () => WireClient.connect(port, 'noisy'))
    return new Noise(await Promise.all(connections))
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedMs
  }

  async #write(client: WireClient): Promise<void> {
    const batch = batchOf(NOISY_BATCH_BYTES)
    for (;;) {
      await write(client, 'noisy', batch)
      this.bytes += batch.length
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]()
  }
}

describe('a quota', () => {
  let scene: Awaited<ReturnType<typeof openScene>>
  /** Where nobody is noisy: what slows its client at the same time is the machine, which other tests share. */
  let control: Awaited<ReturnType<typeof openScene>>
  beforeAll(async () => {
    scene = await openScene()
    control = await openScene()
  }, HEAVY_TIMEOUT_MS)
  afterAll(async () => {
    for (const { broker, quiet } of [scene, control]) {
      await quiet[Symbol.asyncDispose]()
      await broker.close()
    }
  })

  async function measure(): Promise<{ besideMs: number; controlMs: number }> {
    const record = batchOf(100)
    const both = [scene, control].map(
      ({ quiet }) =>
        () =>
          write(quiet, 'quiet', record),
    )
    const [besideMs = Number.NaN, controlMs = Number.NaN] = await alternatingP99(REQUESTS, both)
    return { besideMs, controlMs }
  }

  it(
    'keeps noisy connections from a quiet one: its p99 stays within one and a half, and they within their rate',
    async () => {
      const entity = [{ entityType: 'client-id', entityName: 'noisy' }]
      const ops = [{ key: 'producer_byte_rate', value: QUOTA_BYTES, remove: false }]
      await scene.quiet.ask(alterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false })
      await measure()
      const { besideMs: aloneMs } = await measure()
      await using noise = await Noise.start(scene.broker.port)
      // What the quota gives at once, for all of its windows, is used up first.
      await wait(1000)
      const { besideMs, controlMs } = await measure()
      const [alone, beside, elsewhere] = [aloneMs, besideMs, controlMs].map((ms) => ms.toFixed(2))
      const rate = `${Math.round(noise.bytes / KIB)} KiB of noise in ${Math.round(noise.elapsedMs)} ms`
      process.stdout.write(
        `p99 ${alone} ms alone, ${beside} ms beside the noise, ${elsewhere} ms elsewhere; ${rate}\n`,
      )
      const fair = Math.max(aloneMs, LEAST_P99_MS, IS_FULL ? 0 : controlMs)
      expect(besideMs).toBeLessThan(1.5 * fair)
      expect(noise.bytes).toBeGreaterThan(QUOTA_BYTES)
      // Eleven windows of a second, and of each connection the batch that was let in last.
      const lastBatches = NOISY_CONNECTIONS * NOISY_BATCH_BYTES
      expect(noise.bytes).toBeLessThan(QUOTA_BYTES * (11 + noise.elapsedMs / 1000) + lastBatches)
    },
    HEAVY_TIMEOUT_MS,
  )
})
