import { setTimeout as wait } from 'node:timers/promises'
import { createTopics, encodeRequest, fetch, produce } from '@millrace/protocol'
import { buildBatch } from '@millrace/record-batch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { residentBytes } from '../bad-input/process-memory.ts'
import { WireClient } from '../bad-input/wire-client.ts'
import { HEAVY_TIMEOUT_MS, sized } from './load-size.ts'
import { SocketCrowd } from './socket-crowd.ts'

const MIB = 1024 * 1024
const SENDERS = sized(200, 1000)
const READERS = sized(100, 1000)
const REQUESTS = sized(300, 3000)
/** 1 MiB is asked for so often: 1 GiB for each that does not read. */
const FETCHES_EACH = 1024
const STORED_MIB = 32
/** Below this the machine's own scheduling is what is measured. */
const LEAST_P99_MS = sized(100, 5)
const MEMORY_LIMIT_BYTES = 640 * MIB

const TOPICS = ['good', 'large']

function batch(bytes: number): Buffer {
  return buildBatch([{ key: null, value: Buffer.alloc(bytes, 'x'), timestampMs: 1_700_000_000_000 }], {})
}

describe('a good client', () => {
  let broker: MillraceProcess
  let good: WireClient
  let before = 0

  beforeAll(async () => {
    broker = await MillraceProcess.start({ settings: { 'message.max.bytes': String(2 * MIB) } })
    good = await WireClient.connect(broker.port)
    await good.ask(createTopics, 7, {
      topics: TOPICS.map((name) => ({
        name,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })),
    })
    for (let index = 0; index < STORED_MIB; index += 1) await write('large', MIB)
    await p99Ms()
    before = await p99Ms()
  }, HEAVY_TIMEOUT_MS)

  afterAll(async () => {
    await good?.[Symbol.asyncDispose]()
    await broker?.close()
  })

  async function write(topic: string, bytes: number): Promise<void> {
    const answer = await good.ask(produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: batch(bytes) }] }],
    })
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
  }

  async function p99Ms(): Promise<number> {
    const times: number[] = []
    for (let index = 0; index < REQUESTS; index += 1) {
      const startedMs = performance.now()
      await write('good', 100)
      times.push(performance.now() - startedMs)
    }
    times.sort((a, b) => a - b)
    return times[Math.floor(times.length * 0.99)] ?? Number.NaN
  }

  function expectUnharmed(during: number): void {
    const held = residentBytes(broker.pid)
    const times = `p99 ${before.toFixed(2)} ms alone, ${during.toFixed(2)} ms beside the others`
    process.stdout.write(`${times}; ${Math.round(held / MIB)} MiB resident\n`)
    expect(during).toBeLessThan(2 * Math.max(before, LEAST_P99_MS))
    expect(held).toBeLessThan(MEMORY_LIMIT_BYTES)
  }

  it(
    `is served as before beside ${SENDERS} that send a byte a second`,
    async () => {
      // The head of a Produce request of 1 MiB, of which a byte a second follows.
      const head = Buffer.from('00100000' + '00000009' + '00000001' + 'ffff00', 'hex')
      await using crowd = await SocketCrowd.open(broker.port, SENDERS, head)
      const timer = setInterval(() => {
        for (const socket of crowd.sockets) if (!socket.destroyed) socket.write(Buffer.alloc(1))
      }, 1000)
      try {
        await wait(1000)
        expectUnharmed(await p99Ms())
        expect(crowd.openCount).toBe(SENDERS)
      } finally {
        clearInterval(timer)
      }
    },
    HEAVY_TIMEOUT_MS,
  )

  it(
    `is served as before beside ${READERS} that never read the 1 GiB that each has asked for`,
    async () => {
      const topics = [
        { topic: 'large', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: MIB }] },
      ]
      const request = Buffer.concat(
        encodeRequest(
          fetch,
          11,
          { correlationId: 1, clientId: 'greedy' },
          { maxWaitMs: 0, minBytes: 1, maxBytes: MIB, topics },
        ),
      )
      const all = Buffer.concat(Array.from({ length: FETCHES_EACH }, () => request))
      await using crowd = await SocketCrowd.open(broker.port, READERS, all)
      for (const socket of crowd.sockets) socket.pause()
      await wait(1500)
      expectUnharmed(await p99Ms())
    },
    HEAVY_TIMEOUT_MS,
  )

  it('is served as before when they have gone, and nothing is held for them', async () => {
    await wait(1000)
    expectUnharmed(await p99Ms())
  })
})
