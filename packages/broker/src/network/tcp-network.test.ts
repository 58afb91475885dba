import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Api,
  createTopics,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  fetch,
  produce,
} from '@millrace/protocol'
import { scanBatches, verifyBatchCrc } from '@millrace/record-batch'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../start-broker.ts'
import { batchOf, produceBody } from '../testing/test-broker.ts'
import { tcpNetwork } from './tcp-network.ts'

const BATCH_COUNT = 40
const BATCH_BYTES = 300_000

/** A client that decides when it reads. */
class SlowClient {
  readonly socket: Socket
  readonly #splitter = new FrameSplitter({ maxFrameBytes: 100_000_000 })
  readonly #expected: ((frame: Buffer) => void)[] = []

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port })
    this.socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk)
      for (let frame = this.#splitter.next(); frame !== null; frame = this.#splitter.next()) {
        this.#expected.shift()?.(frame)
      }
    })
  }

  request<Response, Input>(
    api: Api<unknown, Response, Input>,
    version: number,
    body: Input,
  ): Promise<Response> {
    for (const part of encodeRequest(api, version, { correlationId: 1, clientId: null }, body))
      this.socket.write(part)
    return new Promise((resolve) => {
      this.#expected.push((frame) => resolve(decodeResponse(api, version, frame).body))
    })
  }
}

describe('answers from the disk over TCP', () => {
  let dataDir: string
  let broker: Broker
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'millrace-'))
    broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir })
  })
  afterEach(async () => {
    await broker.close()
    rmSync(dataDir, { recursive: true })
  })

  const client = (): SlowClient => new SlowClient(broker.brokers[0]?.port ?? 0)

  it('are whole for peers that read late, though their memory is given back when they have left', {
    timeout: 30_000,
  }, async () => {
    const writer = client()
    const topic = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
    await writer.request(createTopics, 5, { topics: [topic] })
    for (let index = 0; index < BATCH_COUNT; index++) {
      const value = Buffer.alloc(BATCH_BYTES, index)
      await writer.request(produce, 9, produceBody('t', batchOf([{ value }], Date.now())))
    }
    writer.socket.destroy()
    // A new process has nothing in memory: it reads from the disk.
    await broker.close()
    broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir })
    const readers = Array.from({ length: 4 }, client)
    for (let round = 0; round < 4; round++) {
      const answers = readers.map((reader) => {
        reader.socket.pause()
        const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000_000 }]
        const request = {
          maxWaitMs: 0,
          minBytes: 1,
          maxBytes: 10_000_000,
          topics: [{ topic: 't', partitions }],
        }
        return reader.request(fetch, 11, request)
      })
      // The kernel takes what it can; the rest waits in the broker until the readers come.
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const reader of readers) reader.socket.resume()
      for (const { responses } of await Promise.all(answers)) {
        const records = responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)
        const batches = [...scanBatches(records)]
        expect(batches.map(({ header }) => header.baseOffset)).toEqual(batches.map((_, index) => index))
        expect(batches.length).toBeGreaterThan(10)
        for (const { position, header } of batches) {
          expect(verifyBatchCrc(records, position, header.sizeBytes)).toBe(true)
        }
      }
    }
    for (const reader of readers) reader.socket.destroy()
  })
})

/** What Linux says of the timer of the connection whose end here has this port. */
function timerOf(localPort: number): string | undefined {
  const ESTABLISHED = '01'
  const port = localPort.toString(16).toUpperCase().padStart(4, '0')
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, , state, , timer] = line.trim().split(/\s+/)
    if (state === ESTABLISHED && local?.endsWith(`:${port}`)) return timer?.split(':')[0]
  }
  return undefined
}

describe.runIf(process.platform === 'linux')('a connection over TCP', () => {
  it('is asked by the kernel whether its peer still lives', async () => {
    const KEEPALIVE = '02'
    const accepted = Promise.withResolvers<void>()
    const listener = await tcpNetwork().listen({ host: '127.0.0.1', port: 0 }, () => accepted.resolve())
    const socket = connect({ host: '127.0.0.1', port: listener.address.port })
    await Promise.all([once(socket, 'connect'), accepted.promise])
    const timer = timerOf(listener.address.port)
    socket.destroy()
    await listener.close()
    expect(timer).toBe(KEEPALIVE)
  })
})
