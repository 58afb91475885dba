import { ErrorCode, listOffsets, offsetForLeaderEpoch, produce } from '@millrace/protocol'
import { setCreateTime } from '@millrace/record-batch'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { batchOf, produceBody, TestBroker } from '../testing/test-broker.ts'

async function lookUp(
  broker: TestBroker,
  timestamp: number,
  { version = 9, partition = 0, isolationLevel = 0, maxNumOffsets = 10 } = {},
) {
  const partitions = [{ partitionIndex: partition, timestamp, maxNumOffsets }]
  const request = { replicaId: -1, isolationLevel, topics: [{ name: 't', partitions }] }
  const { topics } = await broker.settle(broker.connect().request(listOffsets, version, request))
  const reply = topics[0]?.partitions[0]
  if (reply === undefined) throw new Error('no partition in the answer')
  return reply
}

/** Two batches: times 100, 300, 200 and 400, 500. */
async function withTimes(): Promise<TestBroker> {
  const broker = await TestBroker.start()
  await broker.createTopic('t')
  await broker.produce(
    't',
    [100, 300, 200].map((timestampMs) => ({ timestampMs })),
  )
  await broker.produce(
    't',
    [400, 500].map((timestampMs) => ({ timestampMs })),
  )
  return broker
}

describe('ListOffsets (trap 23)', () => {
  it('tells latest and earliest with their epochs', async () => {
    await using broker = await withTimes()
    for (const version of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) {
      const latest = await lookUp(broker, -1, { version })
      expect(latest).toMatchObject({
        errorCode: 0,
        offset: 5,
        timestamp: -1,
        leaderEpoch: version >= 4 ? 0 : -1,
      })
      expect(await lookUp(broker, -2, { version })).toMatchObject({ errorCode: 0, offset: 0, timestamp: -1 })
    }
    expect(await lookUp(broker, -1, { isolationLevel: 1 })).toMatchObject({ offset: 5 })
  })

  it('refuses an isolation level that there is not, as Kafka 4.3 with another code', async () => {
    await using broker = await withTimes()
    for (const isolationLevel of [-1, 2]) {
      expect(await lookUp(broker, -1, { isolationLevel })).toMatchObject({
        errorCode: ErrorCode.INVALID_REQUEST,
        offset: -1,
      })
    }
  })

  it('finds the first record at or after a time, inside its batch', async () => {
    await using broker = await withTimes()
    const cases = [
      [0, 0, 100],
      [100, 0, 100],
      [101, 1, 300],
      [250, 1, 300],
      [301, 3, 400],
      [401, 4, 500],
      [500, 4, 500],
    ] as const
    for (const [timestamp, offset, found] of cases) {
      expect(await lookUp(broker, timestamp), `at ${timestamp}`).toMatchObject({
        errorCode: 0,
        offset,
        timestamp: found,
      })
    }
  })

  it('answers a time after every record with -1, -1 and no error', async () => {
    await using broker = await withTimes()
    expect(await lookUp(broker, 501)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
    expect(await lookUp(broker, Number.MAX_SAFE_INTEGER)).toMatchObject({ errorCode: 0, offset: -1 })
  })

  it.each([100, 9_000])(
    'finds records by their own times when the header claims %i as the highest',
    async (claim) => {
      await using broker = await TestBroker.start()
      await broker.createTopic('t')
      const batch = batchOf([{ timestampMs: 100 }, { timestampMs: 300 }], 0)
      setCreateTime(batch, 0, claim)
      await broker.settle(broker.connect().request(produce, 9, produceBody('t', batch)))
      expect(await lookUp(broker, 200)).toMatchObject({ errorCode: 0, offset: 1, timestamp: 300 })
      expect(await lookUp(broker, -3, { version: 7 })).toMatchObject({
        errorCode: 0,
        offset: 1,
        timestamp: 300,
      })
    },
  )

  it('finds nothing that consumers cannot see yet', async () => {
    const clock = new SimulatedClock()
    const disk = new SimulatedDisk(new Prng(1), { syncMs: { least: 500, most: 500 } })
    await using broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
    await broker.createTopic('t')
    const unsynced = broker.produce('t', [{ timestampMs: 100 }])
    await clock.advance(10)
    const seen: (number | undefined)[] = []
    for (const timestamp of [100, -1, -3]) seen.push((await lookUp(broker, timestamp)).offset)
    expect(seen).toEqual([-1, 0, -1])
    await unsynced
  })

  it('tells the record with the highest time, and -1, -1 of an empty log', async () => {
    await using broker = await withTimes()
    expect(await lookUp(broker, -3, { version: 7 })).toMatchObject({
      errorCode: 0,
      offset: 4,
      timestamp: 500,
    })
    await using empty = await TestBroker.start()
    await empty.createTopic('t')
    expect(await lookUp(empty, -3, { version: 7 })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
  })

  it('tells the local start for -4, and -1 for -5 and -6 without tiering, each from its version on', async () => {
    await using broker = await withTimes()
    expect(await lookUp(broker, -4, { version: 8 })).toMatchObject({ errorCode: 0, offset: 0 })
    expect(await lookUp(broker, -5, { version: 9 })).toMatchObject({ errorCode: 0, offset: -1 })
    expect(await lookUp(broker, -6, { version: 11 })).toMatchObject({ errorCode: 0, offset: -1 })
    expect((await lookUp(broker, -6, { version: 10 })).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
    expect((await lookUp(broker, -3, { version: 6 })).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
    expect((await lookUp(broker, -5, { version: 8 })).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
    expect((await lookUp(broker, -99, { version: 9 })).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
  })

  it('answers v0 with a list', async () => {
    await using broker = await withTimes()
    expect(await lookUp(broker, -1, { version: 0 })).toMatchObject({ errorCode: 0, oldStyleOffsets: [5, 0] })
    expect(await lookUp(broker, -2, { version: 0 })).toMatchObject({ errorCode: 0, oldStyleOffsets: [0] })
    expect(await lookUp(broker, -1, { version: 0, maxNumOffsets: 1 })).toMatchObject({ oldStyleOffsets: [5] })
  })

  it('answers each partition once, with INVALID_REQUEST when it was asked twice', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    const ask = (...indexes: number[]) => ({
      name: 't',
      partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1 })),
    })
    const request = { replicaId: -1, topics: [ask(0, 1, 0), ask(2), ask(2)] }
    const { topics } = await broker.settle(broker.connect().request(listOffsets, 9, request))
    expect(topics.map(({ name }) => name)).toEqual(['t'])
    expect(topics[0]?.partitions.map((reply) => [reply.partitionIndex, reply.errorCode])).toEqual([
      [0, ErrorCode.INVALID_REQUEST],
      [1, ErrorCode.NONE],
      [2, ErrorCode.INVALID_REQUEST],
    ])
  })

  it('never creates a topic (trap 10), and looks at the kind of time before the topic', async () => {
    await using broker = await TestBroker.start()
    expect((await lookUp(broker, -3, { version: 6 })).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION)
    expect((await lookUp(broker, -1)).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  })
})

describe('OffsetForLeaderEpoch (trap 24)', () => {
  const ask = async (
    broker: TestBroker,
    leaderEpoch: number,
    { currentLeaderEpoch = -1, version = 4 } = {},
  ) => {
    const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }]
    const request = { topics: [{ topic: 't', partitions }] }
    const { topics } = await broker.settle(broker.connect().request(offsetForLeaderEpoch, version, request))
    return topics[0]?.partitions[0]
  }

  it('tells the log end for the current epoch and -1, -1 for a later one', async () => {
    await using broker = await withTimes()
    for (const version of [2, 3, 4]) {
      expect(await ask(broker, 0, { version })).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 5 })
      expect(await ask(broker, 1, { version })).toMatchObject({
        errorCode: 0,
        leaderEpoch: -1,
        endOffset: -1,
      })
    }
  })

  it('checks the epoch that the client believes in', async () => {
    await using broker = await withTimes()
    expect((await ask(broker, 0, { currentLeaderEpoch: 1 }))?.errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH)
    expect((await ask(broker, 0, { currentLeaderEpoch: 0 }))?.errorCode).toBe(ErrorCode.NONE)
  })

  it('knows where an epoch ended after an unclean start, and fences who still believes in it', async () => {
    const clock = new SimulatedClock()
    const disk = new SimulatedDisk(new Prng(1))
    const first = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
    await first.createTopic('t')
    await first.produce('t', [{ timestampMs: 1 }, { timestampMs: 2 }])
    disk.crash('process')
    const later = new SimulatedClock()
    await using second = await TestBroker.start({ clock: later, fileSystem: disk.boot(later) })
    expect(await ask(second, 0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 2 })
    expect(await ask(second, 1)).toMatchObject({ errorCode: 0, leaderEpoch: 1, endOffset: 2 })
    expect((await ask(second, 0, { currentLeaderEpoch: 0 }))?.errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH)
    expect(await lookUp(second, -2)).toMatchObject({ offset: 0, leaderEpoch: 0 })
    expect(await lookUp(second, -1)).toMatchObject({ offset: 2, leaderEpoch: 1 })
  })
})
