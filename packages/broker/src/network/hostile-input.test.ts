import { apiByKey, encodeRequest, metadata, produce } from '@millrace/protocol'
import { Prng } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { ROUTES } from '../routes.ts'
import { liveBytes } from '../testing/live-memory.ts'
import { damage, randomBytes, randomRequest, type ValuePool } from '../testing/random-message.ts'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'

const MIB = 1024 * 1024

/** Frames that `npm run check` sends; a nightly run sets more, and another seed. */
const FRAME_COUNT = Number(process.env.FUZZ_FRAMES ?? 20_000)
const SEED = Number(process.env.FUZZ_SEED ?? 1)
const FRAMES_PER_CONNECTION = 4
/** Real time in which the frames of one connection are dealt with. */
const LONGEST_MS = 1000
/** Until then code is compiled, and what hostile requests may create is created. */
const WARM_UP_FRAMES = FRAME_COUNT / 4
const FRAMES_PER_SAMPLE = 400
/** What is resident comes to rest later than what is reachable. */
const FEWEST_FRAMES_FOR_RSS = 100_000
const GROWTH_LIMIT_BYTES = 64 * MIB

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** From the first half of the samples to the second, by their medians: a collection that is still to come is no growth. */
function growth(samples: readonly number[]): number {
  const median = (part: readonly number[]): number => [...part].sort((a, b) => a - b)[part.length >> 1] ?? 0
  return median(samples.slice(samples.length >> 1)) - median(samples.slice(0, samples.length >> 1))
}

/** A broker with a topic, whose limits keep what hostile requests may create small. */
function start(): Promise<TestBroker> {
  return TestBroker.start({
    config: {
      'millrace.max.partitions': '300',
      'offsets.topic.num.partitions': '4',
      'socket.request.max.bytes': '10000000',
    },
  })
}

/** Others are served, nothing failed inside, and nothing of ours was logged as an error. */
async function expectHealthy(broker: TestBroker, seen: string): Promise<void> {
  const reply = await broker.settle(broker.connect().request(metadata, 9, { topics: [] }))
  expect(reply.brokers, seen).toHaveLength(1)
  const errors = broker.logged.filter(({ level }) => level === 'error')
  expect(errors.slice(0, 3), seen).toEqual([])
}

describe('what is no Kafka request', () => {
  const inputs: [string, Buffer][] = [
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost:9092\r\n\r\n')],
    ['a TLS hello', Buffer.from(`160301020001000200${'00'.repeat(300)}`, 'hex')],
    ['a frame of negative length', Buffer.from('ffffffff', 'hex')],
    ['a frame of no length', Buffer.from('00000000', 'hex')],
    ['a frame of 2 GiB', Buffer.from('7fffffff00000000', 'hex')],
    ['a frame that is shorter than a header', framed(Buffer.from('0012', 'hex'))],
    ['a header that ends in its client id', framed(Buffer.from('00030001000000010040', 'hex'))],
  ]
  it.each(inputs)('%s: closes the connection, and serves others', async (_name, bytes) => {
    await using broker = await start()
    const connection = broker.connect()
    connection.sendRaw(bytes)
    await broker.quiesce()
    expect(connection.isClosed).toBe(true)
    expect(connection.unexpected).toEqual([])
    await expectHealthy(broker, _name)
  })

  it('random bytes: closes or waits for the rest, and allocates nothing for it', async () => {
    await using broker = await start()
    const prng = new Prng(SEED)
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 500; index++) {
      broker.connect().sendRaw(randomBytes(prng, 1 + prng.below(400)))
      if (index % 50 === 0) await broker.quiesce()
    }
    await broker.quiesce()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB)
    await expectHealthy(broker, 'random bytes')
  })
})

describe('a valid header with a hostile body', () => {
  const bodies: [string, number, number, string][] = [
    ['Metadata of 2^31-1 topics', 3, 1, '7fffffff'],
    ['Metadata v9 of 2^32-2 topics', 3, 9, '00' + 'ffffffff0f'],
    ['Fetch of 2^31-1 topics', 1, 11, `ffffffff${'00000064'.repeat(3)}00${'00000000'.repeat(2)}7fffffff`],
    [
      'Produce with a record set of 2^31-1 bytes',
      0,
      7,
      'ffff0001000003e8' + '00000001' + '000174' + '00000001000000007fffffff',
    ],
    ['JoinGroup with a group id of 32767 bytes', 11, 5, '7fff'],
    ['CreateTopics of -2 topics', 19, 4, 'fffffffe'],
  ]
  it.each(bodies)('%s: closes the connection without an allocation', async (_name, key, version, hex) => {
    await using broker = await start()
    await broker.createTopic('t')
    const connection = broker.connect()
    const header = Buffer.alloc(10)
    header.writeInt16BE(key, 0)
    header.writeInt16BE(version, 2)
    header.writeInt16BE(-1, 8)
    const before = process.memoryUsage().arrayBuffers
    connection.sendRaw(framed(Buffer.concat([header, Buffer.from(hex, 'hex')])))
    await broker.quiesce()
    expect(connection.isClosed).toBe(true)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB)
    await expectHealthy(broker, _name)
  })
})

describe('requests that nobody would send, over every API and version', () => {
  it('are answered or close their connection; others are served', { timeout: 600_000 }, async () => {
    await using broker = await start()
    const topicId = await broker.createTopic('t', 2)
    await broker.produce('t', numbered(5))
    const prng = new Prng(SEED)
    const pool: ValuePool = {
      strings: [
        '',
        't',
        'u',
        'g',
        'consumer',
        'range',
        '..',
        'a/b',
        '1',
        'x'.repeat(300),
        '__consumer_offsets',
        'retention.ms',
        '\u0000',
      ],
      uuids: [topicId, 'AAAAAAAAAAAAAAAAAAAAAg'],
      records: [
        batchOf(numbered(3), broker.clock.nowMs()),
        batchOf(numbered(2), broker.clock.nowMs(), { producerId: 1, producerEpoch: 0, baseSequence: 0 }),
        batchOf(numbered(2), broker.clock.nowMs(), { compression: 3 }),
      ],
    }
    let answered = 0
    let longestMs = 0
    const residentBytes: number[] = []
    let liveBefore = 0
    for (let sent = 0; sent < FRAME_COUNT; sent += FRAMES_PER_CONNECTION) {
      if (sent === WARM_UP_FRAMES) liveBefore = liveBytes()
      if (sent >= WARM_UP_FRAMES && sent % FRAMES_PER_SAMPLE === 0) {
        residentBytes.push(process.memoryUsage.rss())
      }
      const startedMs = performance.now()
      const connection = broker.connect()
      for (let index = 0; index < FRAMES_PER_CONNECTION; index++) {
        const { key, served } = prng.pick(ROUTES)
        const api = apiByKey(key)
        if (api === undefined) throw new Error(`API ${key} is routed and not declared`)
        const version = prng.between(served[0], served[1])
        const body = randomRequest(api, version, prng, pool)
        // The body was made from the declaration: its static type says nothing more.
        const origin = { correlationId: index, clientId: prng.chance(0.1) ? null : 'fuzz' }
        const frame = Buffer.concat(encodeRequest(api, version, origin, body as never)).subarray(4)
        connection.sendRaw(framed(prng.chance(0.1) ? damage(frame, prng) : frame))
      }
      await broker.clock.advance(100)
      answered += connection.unexpected.length
      connection.close()
      longestMs = Math.max(longestMs, performance.now() - startedMs)
      if (sent % 2000 === 0) await expectHealthy(broker, `seed ${SEED}, frame ${sent}`)
    }
    await broker.quiesce()
    await expectHealthy(broker, `seed ${SEED}`)
    expect(longestMs, `seed ${SEED}`).toBeLessThan(LONGEST_MS)
    expect(liveBytes() - liveBefore, `seed ${SEED}`).toBeLessThan(GROWTH_LIMIT_BYTES)
    if (FRAME_COUNT >= FEWEST_FRAMES_FOR_RSS) {
      expect(growth(residentBytes), `seed ${SEED}`).toBeLessThan(GROWTH_LIMIT_BYTES)
    }
    // Most requests are valid, and none of them is lost behind one that waits.
    expect(answered).toBeGreaterThan(FRAME_COUNT * 0.4)
    // What was there before is untouched and can still be written to.
    const reply = await broker.settle(
      broker.connect().request(produce, 9, produceBody('t', batchOf(numbered(1), broker.clock.nowMs()))),
    )
    expect([0, 3]).toContain(reply.responses[0]?.partitionResponses[0]?.errorCode)
  })
})
