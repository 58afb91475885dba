import { type Broker, startBroker } from '@millrace/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient, inProcessNetwork } from '../src/index.ts'
import { type Fault, FaultyNetwork } from './faulty-network.ts'

/** Every so many bytes a connection is cut; nightly it is each of them: FAULT_STEP=1, in shards. */
const STEP = Number(process.env.FAULT_STEP ?? 29)
const [SHARD = 0, SHARDS = 1] = (process.env.FAULT_SHARD ?? '0/1').split('/').map(Number)
const RECORDS = 30
const VALUES = Array.from({ length: RECORDS }, (_, i) => `value ${i} `.padEnd(40, 'x'))

let broker: Broker
let topicCount = 0
beforeAll(async () => {
  broker = await startBroker({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await broker.close()
})

function clientOver(network: FaultyNetwork): Client {
  const times = { retryBackoffMs: 1, retryBackoffMaxMs: 4, requestTimeoutMs: 300, connectTimeoutMs: 300 }
  return createClient({ bootstrapServers: broker.bootstrapServers, network, ...times })
}

/** Creates, sends, reads and consumes, all over a network with faults; gives the bytes that passed. */
async function converse(faultOf: (connection: number) => Fault): Promise<number> {
  const network = new FaultyNetwork(inProcessNetwork(broker))
  network.fault = faultOf
  await using client = clientOver(network)
  const name = `faults-${topicCount++}`
  await client.admin.createTopics([{ name, partitions: 2 }]).catch((error: unknown) => {
    // The answer to the first attempt was lost, and the second one finds the topic there.
    if (!String(error).includes('exists')) throw error
  })
  // Small batches, so that a conversation has many requests.
  const producer = client.producer({ batchBytes: 1024, compression: 'none' })
  await producer.sendMany(
    name,
    VALUES.map((value, i) => ({ value, partition: i % 2 })),
  )
  await producer.close()
  const read: string[] = []
  for await (const { value } of client.read(name)) read.push(String(value))
  expect(
    [0, 1].map((partition) => read.filter((value) => Number(value.split(' ')[1]) % 2 === partition)),
  ).toEqual([0, 1].map((partition) => VALUES.filter((_, i) => i % 2 === partition)))
  const consumed = new Set<string>()
  for await (const { value } of client.consume([name], {
    group: name,
    protocol: 'classic',
    heartbeatIntervalMs: 50,
  })) {
    consumed.add(String(value))
    if (consumed.size === RECORDS) break
  }
  return network.passedBytes
}

describe('a connection that is cut', () => {
  it('anywhere in a conversation costs nothing: each record once, in order', async () => {
    expect(await converse(() => ({}))).toBeGreaterThan(5_000)
    // No connection of this conversation carries more than 4,000 bytes.
    for (let cutAfterBytes = 1 + STEP * SHARD; cutAfterBytes < 4_000; cutAfterBytes += STEP * SHARDS) {
      await converse((connection) => (connection % 3 === 2 ? {} : { cutAfterBytes }))
    }
  }, 120_000)

  it('again and again, ever later, is reconnected until the work is done', async () => {
    await converse((connection) => ({ cutAfterBytes: 600 + connection * 150 }))
  }, 60_000)
})

describe('a connection that falls silent', () => {
  it('is given up after the request time-out, and nothing is sent twice', async () => {
    for (const silentAfterBytes of [0, 700, 1_500, 2_500, 4_000]) {
      await converse((connection) => (connection < 3 ? { silentAfterBytes } : {}))
    }
  }, 60_000)
})

describe('answers that come twice', () => {
  it('are not believed: the connection is opened again, and each record is there once', async () => {
    for (let doubledAfterBytes = 100; doubledAfterBytes < 2_500; doubledAfterBytes += 150) {
      await converse((connection) => (connection % 2 === 0 ? { doubledAfterBytes } : {}))
    }
  }, 60_000)
})

describe('answers that are long on their way', () => {
  it('are waited for, while they come in time', async () => {
    await converse(() => ({ delayMs: 20 }))
  }, 60_000)
})

describe('a connection that is slow', () => {
  it('gives every answer in pieces of three bytes', async () => {
    await converse(() => ({ pieceBytes: 3 }))
  }, 60_000)
})
