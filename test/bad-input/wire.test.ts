import { createTopics, ErrorCode, metadata, produce } from '@millrace/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess, runMillrace } from '../../packages/broker/compat/process/millrace-process.ts'
import { SeededRandom } from '../seeded-random.ts'
import { batchWithWrongCount, batchWithWrongCrc, decompressionBomb, honestBatch } from './hostile-batches.ts'
import { residentBytes } from './process-memory.ts'
import { framed, requestHead, sendRaw, WireClient } from './wire-client.ts'

const SEED = Number(process.env.BAD_INPUT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const PRODUCE_VERSION = 9
const TOPIC = 'good'

/** What a broker under attack may hold on to: buffers that the collector has not come to yet. */
const GROWTH_LIMIT_BYTES = 96 * 1024 * 1024

describe(`a broker that is sent nonsense (BAD_INPUT_SEED=${SEED})`, () => {
  let broker: MillraceProcess
  let wire: WireClient
  let residentBefore = 0
  let produced = 0
  const random = new SeededRandom(SEED)

  beforeAll(async () => {
    broker = await MillraceProcess.start()
    const { bootstrap } = broker
    expect(await runMillrace(['topic', 'create', TOPIC], { bootstrap })).toMatchObject({ code: 0 })
    wire = await WireClient.connect(broker.port)
    await produceHonestly(wire)
    residentBefore = residentBytes(broker.pid)
  })
  afterAll(async () => {
    await wire?.[Symbol.asyncDispose]()
    await broker?.close()
  })
  // Whatever a test did, a client that was connected all the while is served as before.
  afterEach(async () => {
    await produceHonestly(wire)
  })

  async function produceHonestly(client: WireClient): Promise<void> {
    const answer = await produceBatch(client, honestBatch())
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: produced })
    produced += 3
  }

  async function produceBatch(
    client: WireClient,
    records: Buffer,
  ): Promise<{ errorCode: number; baseOffset: number; errorMessage: string | null }> {
    const answer = await client.ask(produce, PRODUCE_VERSION, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }],
    })
    const partition = answer.responses[0]?.partitionResponses[0]
    if (partition === undefined) throw new Error('no answer for the partition')
    return partition
  }

  it('closes on random bytes', async () => {
    for (let round = 0; round < 30; round += 1) {
      const bytes = random.bytes(random.between(4, 4096))
      // A length within the limit would make it wait for the rest, as it should.
      bytes.writeInt8(random.between(64, 127) * (random.next() < 0.5 ? -1 : 1), 0)
      expect(await sendRaw(broker.port, bytes)).toMatchObject({ isClosed: true })
    }
  })

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a TLS hello', Buffer.from('16030102000100', 'hex')],
    ['a frame of negative length', Buffer.from('ffffffff00000000', 'hex')],
    ['a frame of zero length', Buffer.alloc(8)],
    ['a frame of 2 GiB', Buffer.from('7fffffff00000000', 'hex')],
  ])('closes on %s', async (_what, bytes) => {
    expect(await sendRaw(broker.port, bytes)).toEqual({ received: Buffer.alloc(0), isClosed: true })
  })

  it('answers or closes, for every API, when a right header has a hostile body', async () => {
    for (let apiKey = 0; apiKey <= 75; apiKey += 1) {
      for (const apiVersion of [0, 1, 4, 9, 12]) {
        const head = requestHead(apiKey, apiVersion, { isFlexible: random.next() < 0.5 })
        const body = random.bytes(random.between(0, 200))
        // Silence on an open connection would leave its client waiting for ever; a parked fetch or join may.
        const mayWait = apiKey === 1 || apiKey === 11 || apiKey === 14
        const { received, isClosed } = await sendRaw(broker.port, framed(Buffer.concat([head, body])), {
          patienceMs: mayWait ? 50 : 10_000,
          untilAnswered: true,
        })
        if (!isClosed && received.length === 0 && !mayWait) {
          expect.fail(`no answer to API ${apiKey} v${apiVersion} with ${body.toString('hex')}`)
        }
      }
    }
  })

  it('refuses a batch with a wrong CRC', async () => {
    expect(await produceBatch(wire, batchWithWrongCrc())).toMatchObject({
      errorCode: ErrorCode.CORRUPT_MESSAGE,
    })
  })

  it('refuses a batch that claims more records than it holds', async () => {
    expect(await produceBatch(wire, batchWithWrongCount())).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD,
    })
  })

  it('refuses a decompression bomb', async () => {
    const { errorCode } = await produceBatch(wire, decompressionBomb())
    expect([ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE]).toContain(
      errorCode,
    )
  })

  it.each(['a/b', '..', '.', '', 'x'.repeat(250), 'späť', 'a\u0000b'])(
    'refuses the topic name %j',
    async (name) => {
      const created = await wire.ask(createTopics, 7, {
        topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 5000,
        validateOnly: false,
      })
      expect(created.topics[0]?.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
      const described = await wire.ask(metadata, 9, {
        topics: [{ name }],
        allowAutoTopicCreation: true,
        includeTopicAuthorizedOperations: false,
      })
      expect(described.topics[0]?.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
    },
  )

  it('kept its memory flat and lost nothing', async () => {
    expect(residentBytes(broker.pid) - residentBefore).toBeLessThan(GROWTH_LIMIT_BYTES)
    await broker.kill()
    await broker.restart()
    const tail = ['tail', TOPIC, '--from', 'beginning', '--no-follow', '-f', '%o\\n']
    const { stdout } = await runMillrace(tail, { bootstrap: broker.bootstrap })
    expect(stdout.trimEnd().split('\n')).toEqual(
      Array.from({ length: produced }, (_, offset) => String(offset)),
    )
    await wire[Symbol.asyncDispose]()
    wire = await WireClient.connect(broker.port)
  })
})
