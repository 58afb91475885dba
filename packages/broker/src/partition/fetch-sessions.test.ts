import {
  ByteReader,
  ByteWriter,
  deleteRecords,
  ErrorCode,
  type FetchRequest,
  type FetchRequestInput,
  type FetchResponse,
  fetch,
} from '@millrace/protocol'
import { SimulatedClock } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { numbered, TestBroker, type TestBrokerOptions } from '../testing/test-broker.ts'
import type { TestConnection } from '../testing/test-connection.ts'
import { FetchSessions, nextEpoch } from './fetch-sessions.ts'

interface Ask {
  readonly sessionId: number
  readonly sessionEpoch: number
  /** Partition to fetch offset. */
  readonly partitions?: Readonly<Record<number, number>>
  readonly forgotten?: readonly number[]
}

class SessionClient {
  readonly broker: TestBroker
  readonly #connection: TestConnection

  constructor(broker: TestBroker) {
    this.broker = broker
    this.#connection = broker.connect()
  }

  ask(
    { sessionId, sessionEpoch, partitions = {}, forgotten = [] }: Ask,
    version = 11,
  ): Promise<FetchResponse> {
    const wanted = Object.entries(partitions)
    const request: FetchRequestInput = {
      maxWaitMs: 0,
      minBytes: 1,
      sessionId,
      sessionEpoch,
      topics:
        wanted.length === 0
          ? []
          : [
              {
                topic: 't',
                partitions: wanted.map(([partition, fetchOffset]) => ({
                  partition: Number(partition),
                  fetchOffset,
                  partitionMaxBytes: 100_000,
                })),
              },
            ],
      forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic: 't', partitions: [...forgotten] }],
    }
    return this.broker.settle(this.#connection.request(fetch, version, request))
  }
}

function told(reply: FetchResponse): [number, number][] {
  return reply.responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, records }): [number, number] => [
      partitionIndex,
      records?.length ?? -1,
    ]),
  )
}

async function start(options: TestBrokerOptions = {}): Promise<SessionClient> {
  const broker = await TestBroker.start(options)
  await broker.createTopic('t', 3)
  return new SessionClient(broker)
}

/** A request as the broker decodes it. */
function requestOf(sessionId: number, sessionEpoch: number, indexes: readonly number[]): FetchRequest {
  const codec = fetch.request(11)
  const partitions = indexes.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 }))
  const topics = [{ topic: 't', partitions }]
  const writer = new ByteWriter()
  codec.encode(writer, { maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics })
  return codec.decode(new ByteReader(Buffer.concat(writer.finish())))
}

describe('fetch sessions (trap 14)', () => {
  it('are id 0 for whoever wants none, with every partition asked for and no other', async () => {
    const client = await start()
    await using broker = client.broker
    await broker.produce('t', numbered(1), 1)
    for (const sessionId of [0, 77]) {
      const reply = await client.ask({ sessionId, sessionEpoch: -1, partitions: { 0: 0, 1: 0 } })
      expect(reply.sessionId).toBe(0)
      expect(told(reply).map(([partition]) => partition)).toEqual([0, 1])
    }
  })

  it('tell everything first, then only what is new', async () => {
    const client = await start()
    await using broker = client.broker
    await broker.produce('t', numbered(1), 1)
    const first = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0, 1: 0, 2: 0 } })
    expect(first.sessionId).toBeGreaterThan(0)
    expect(told(first).map(([partition, bytes]) => [partition, bytes > 0])).toEqual([
      [0, false],
      [1, true],
      [2, false],
    ])
    const { sessionId } = first
    const second = await client.ask({ sessionId, sessionEpoch: 1, partitions: { 1: 1 } })
    expect(second).toMatchObject({ errorCode: 0, sessionId, responses: [] })
    await broker.produce('t', numbered(1), 2)
    const third = await client.ask({ sessionId, sessionEpoch: 2 })
    expect(told(third).map(([partition]) => partition)).toEqual([2])
    // The records were told, and are again until the client asks from behind them.
    const fourth = await client.ask({ sessionId, sessionEpoch: 3, partitions: { 2: 1 } })
    expect(told(fourth)).toEqual([])
  })

  it('tell a high watermark that moved even when there is no room for records', async () => {
    const client = await start()
    await using broker = client.broker
    const { sessionId } = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0 } })
    await broker.produce('t', numbered(2), 0)
    const reply = await client.ask({ sessionId, sessionEpoch: 1, partitions: { 0: 2 } })
    expect(reply.responses[0]?.partitions).toMatchObject([{ partitionIndex: 0, highWatermark: 2 }])
    expect(told(await client.ask({ sessionId, sessionEpoch: 2 }))).toEqual([])
  })

  it('tell errors each time, and once more that they are over', async () => {
    const client = await start()
    await using broker = client.broker
    const { sessionId } = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0 } })
    for (const sessionEpoch of [1, 2]) {
      const reply = await client.ask({ sessionId, sessionEpoch, partitions: { 0: 5 } })
      expect(reply.responses[0]?.partitions).toMatchObject([{ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE }])
    }
    const healed = await client.ask({ sessionId, sessionEpoch: 3, partitions: { 0: 0 } })
    expect(healed.responses[0]?.partitions).toMatchObject([{ errorCode: 0, highWatermark: 0 }])
    expect(told(await client.ask({ sessionId, sessionEpoch: 4 }))).toEqual([])
    expect(broker.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('forget what the client forgets', async () => {
    const client = await start()
    await using broker = client.broker
    const { sessionId } = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0, 1: 0 } })
    await client.ask({ sessionId, sessionEpoch: 1, forgotten: [0] })
    await broker.produce('t', numbered(1), 0)
    await broker.produce('t', numbered(1), 1)
    const reply = await client.ask({ sessionId, sessionEpoch: 2 })
    expect(told(reply).map(([partition]) => partition)).toEqual([1])
  })

  it('let who was given records wait behind the others (trap 12)', async () => {
    const client = await start()
    await using broker = client.broker
    for (const partition of [0, 1, 2]) await broker.produce('t', numbered(1), partition)
    const { sessionId } = await client.ask({
      sessionId: 0,
      sessionEpoch: 0,
      partitions: { 0: 1, 1: 1, 2: 1 },
    })
    for (const partition of [0, 1]) await broker.produce('t', numbered(1), partition)
    const first = await client.ask({ sessionId, sessionEpoch: 1, partitions: { 0: 1 } })
    expect(told(first).map(([partition]) => partition)).toEqual([0, 1])
    await broker.produce('t', numbered(1), 2)
    const second = await client.ask({ sessionId, sessionEpoch: 2 })
    expect(told(second).map(([partition]) => partition)).toEqual([2, 0, 1])
  })

  it('refuse an unknown id with 70 and a wrong epoch with 71, at top level and with no topics', async () => {
    const client = await start()
    await using _broker = client.broker
    const { sessionId } = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0 } })
    expect(await client.ask({ sessionId: sessionId + 1, sessionEpoch: 1 })).toMatchObject({
      errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
      responses: [],
    })
    expect(await client.ask({ sessionId, sessionEpoch: 5 })).toMatchObject({
      errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      responses: [],
    })
    expect(await client.ask({ sessionId, sessionEpoch: 1 }, 13)).toMatchObject({
      errorCode: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    })
  })

  it('end with epoch -1', async () => {
    const client = await start()
    await using _broker = client.broker
    const { sessionId } = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0 } })
    await client.ask({ sessionId, sessionEpoch: -1 })
    expect((await client.ask({ sessionId, sessionEpoch: 1 })).errorCode).toBe(
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    )
  })

  it('are bounded: a full cache gives id 0, until the oldest was silent for two minutes', async () => {
    const client = await start({ config: { 'max.incremental.fetch.session.cache.slots': '2' } })
    await using broker = client.broker
    const open = () => client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 0 } })
    const first = await open()
    const second = await open()
    expect(second.sessionId).toBeGreaterThan(0)
    const third = await open()
    expect(third.sessionId).toBe(0)
    expect(told(third)).toHaveLength(1)
    await broker.clock.advance(121_000)
    await client.ask({ sessionId: second.sessionId, sessionEpoch: 1 })
    expect((await open()).sessionId).toBeGreaterThan(0)
    const gone = await client.ask({ sessionId: first.sessionId, sessionEpoch: 1 })
    expect(gone.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
  })

  it('tell a log start that moved', async () => {
    const client = await start()
    await using broker = client.broker
    await broker.produce('t', numbered(3))
    const { sessionId } = await client.ask({ sessionId: 0, sessionEpoch: 0, partitions: { 0: 3, 1: 0 } })
    const deletion = {
      timeoutMs: 1000,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }],
    }
    await broker.settle(broker.connect().request(deleteRecords, 2, deletion))
    const { responses } = await client.ask({ sessionId, sessionEpoch: 1 })
    expect(responses.flatMap(({ partitions }) => partitions)).toMatchObject([
      { partitionIndex: 0, logStartOffset: 2 },
    ])
  })

  it('are bounded by the partitions in all of them: one that grows too far ends', async () => {
    const clock = new SimulatedClock()
    const sessions = new FetchSessions({ maxSessions: 10, maxPartitions: 3, clock, random: Math.random })
    const ask = (sessionId: number, sessionEpoch: number, indexes: readonly number[]) =>
      sessions.begin(requestOf(sessionId, sessionEpoch, indexes), 11)
    const first = ask(0, 0, [0, 1])
    expect(first.sessionId).toBeGreaterThan(0)
    expect(ask(0, 0, [0, 1])).toMatchObject({ errorCode: ErrorCode.NONE, sessionId: 0 })
    expect(ask(first.sessionId, 1, [2])).toMatchObject({ errorCode: ErrorCode.NONE })
    expect(ask(first.sessionId, 2, [3])).toMatchObject({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND })
    expect(sessions.size).toBe(0)
    expect(ask(0, 0, [0, 1, 2]).sessionId).toBeGreaterThan(0)
  })

  it('count their epochs from 1 again after the last one', () => {
    expect([nextEpoch(1), nextEpoch(2 ** 31 - 1)]).toEqual([2, 1])
  })
})
