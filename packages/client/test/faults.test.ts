import { type Broker, startBroker } from '@millrace/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inProcessNetwork } from '../src/index.ts'
import { converseOver } from './fault-conversation.ts'
import type { Fault } from './faulty-network.ts'

/** Every so many bytes a connection is cut; nightly it is each of them: FAULT_STEP=1, in shards. */
const STEP = Number(process.env.FAULT_STEP ?? 29)
const [SHARD = 0, SHARDS = 1] = (process.env.FAULT_SHARD ?? '0/1').split('/').map(Number)

let broker: Broker
beforeAll(async () => {
  broker = await startBroker({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await broker.close()
})

function converse(faultOf: (connection: number) => Fault): Promise<number> {
  const { bootstrapServers } = broker
  return converseOver(inProcessNetwork(broker), { bootstrapServers, timeoutMs: 300 }, faultOf)
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
