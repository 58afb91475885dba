import { memoryFileSystem } from '@millrace/log-core'
import { ErrorCode, type FetchRequestInput, fetch, metadata, produce } from '@millrace/protocol'
import { readRecords } from '@millrace/record-batch'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { batchOf, numbered, TestBroker } from '../testing/test-broker.ts'
import type { TestConnection } from '../testing/test-connection.ts'

const MB = 1_000_000

type Wanted = Partial<FetchRequestInput['topics'][number]['partitions'][number]>

function body(
  topic: string,
  wanted: readonly Wanted[],
  changes: Partial<FetchRequestInput> = {},
): FetchRequestInput {
  return {
    maxWaitMs: 0,
    minBytes: 1,
    topics: [
      {
        topic,
        partitions: wanted.map((each, partition) => ({
          partition,
          fetchOffset: 0,
          partitionMaxBytes: 1_048_576,
          ...each,
        })),
      },
    ],
    ...changes,
  }
}

async function read(
  broker: TestBroker,
  request: FetchRequestInput,
  { version = 11, connection = broker.connect() } = {} as { version?: number; connection?: TestConnection },
) {
  const reply = await broker.settle(connection.request(fetch, version, request))
  return { reply, partitions: reply.responses.flatMap(({ partitions }) => partitions) }
}

function offsetsOf(records: Buffer | null): number[] {
  const offsets: number[] = []
  const buffer = records ?? Buffer.alloc(0)
  for (let position = 0; position < buffer.length; position += buffer.readInt32BE(position + 8) + 12) {
    for (const record of readRecords(buffer, position)) offsets.push(record.offset)
  }
  return offsets
}

async function withBatches(batchCount: number, recordsPerBatch: number, partitions = 1): Promise<TestBroker> {
  const broker = await TestBroker.start()
  await broker.createTopic('t', partitions)
  for (let partition = 0; partition < partitions; partition++) {
    for (let index = 0; index < batchCount; index++)
      await broker.produce('t', numbered(recordsPerBatch), partition)
  }
  return broker
}

describe('Fetch', () => {
  it('answers every version by name and, from 13, by id', async () => {
    await using broker = await withBatches(1, 3)
    const { topics } = await broker.settle(
      broker.connect().request(metadata, 12, { topics: [{ name: 't' }] }),
    )
    const topicId = topics[0]?.topicId ?? ''
    for (let version = 4; version <= 18; version++) {
      const request = body('t', [{}])
      const byId = { ...request, topics: request.topics.map((topic) => ({ ...topic, topicId })) }
      const { partitions, reply } = await read(broker, version >= 13 ? byId : request, { version })
      expect(offsetsOf(partitions[0]?.records ?? null), `v${version}`).toEqual([0, 1, 2])
      expect(partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 3, lastStableOffset: 3 })
      if (version >= 13) expect(reply.responses[0]?.topicId).toBe(topicId)
    }
  })

  it('answers an unknown id with UNKNOWN_TOPIC_ID, an unknown name with UNKNOWN_TOPIC_OR_PARTITION', async () => {
    await using broker = await TestBroker.start()
    const byName = await read(broker, body('x', [{}], { maxWaitMs: 1000 }))
    expect(byName.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const request = body('', [{}])
    const topics = request.topics.map((topic) => ({ ...topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAg' }))
    const byId = await read(broker, { ...request, topics, maxWaitMs: 1000 }, { version: 13 })
    expect(byId.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID)
    expect(broker.clock.monotonicMs()).toBe(0)
  })

  it('sends records of no bytes, never null (trap 6c)', async () => {
    await using broker = await withBatches(0, 0)
    for (const version of [4, 11, 12]) {
      const { partitions } = await read(broker, body('t', [{}]), { version })
      expect(partitions[0]?.records).toHaveLength(0)
    }
  })

  it('tells the throttle time 0 (trap 29)', async () => {
    await using broker = await withBatches(1, 1)
    expect((await read(broker, body('t', [{}]))).reply.throttleTimeMs).toBe(0)
  })
})

describe('fetch sizes (trap 12)', () => {
  it('begins with the batch that contains the offset', async () => {
    await using broker = await withBatches(3, 4)
    const { partitions } = await read(broker, body('t', [{ fetchOffset: 6 }]))
    expect(offsetsOf(partitions[0]?.records ?? null)).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('gives the first batch whole above every limit, and of later partitions nothing', async () => {
    await using broker = await withBatches(2, 4, 2)
    const tiny = { partitionMaxBytes: 1 }
    const { partitions } = await read(broker, body('t', [tiny, tiny], { maxBytes: 1 }))
    expect(partitions.map(({ records }) => offsetsOf(records))).toEqual([[0, 1, 2, 3], []])
  })

  it('gives whole batches up to the limits, which count across partitions in the order of the request', async () => {
    await using broker = await withBatches(3, 4, 2)
    const one =
      (await read(broker, body('t', [{ partitionMaxBytes: 1 }]))).partitions[0]?.records?.length ?? 0
    const two = await read(broker, body('t', [{ partitionMaxBytes: one * 2 + 10 }]))
    expect(offsetsOf(two.partitions[0]?.records ?? null)).toHaveLength(8)
    const across = await read(broker, body('t', [{}, {}], { maxBytes: one * 4 + 10 }))
    expect(across.partitions.map(({ records }) => offsetsOf(records).length)).toEqual([12, 4])
    const request = body('t', [{ partition: 1 }, { partition: 0 }], { maxBytes: one })
    const reversed = await read(broker, request)
    expect(
      reversed.partitions.map(({ partitionIndex, records }) => [partitionIndex, offsetsOf(records).length]),
    ).toEqual([
      [1, 4],
      [0, 0],
    ])
  })

  it('gives partitions that have more their part of 8 MiB, and each at least a batch', async () => {
    await using broker = await withBatches(0, 0, 9)
    for (let partition = 0; partition < 9; partition++) await broker.produce('t', numbered(1, MB), partition)
    for (let index = 1; index < 10; index++) await broker.produce('t', numbered(1, MB), 0)
    const all = { partitionMaxBytes: 50 * MB }
    const countsOf = async (partitionCount: number) => {
      const request = body('t', Array(partitionCount).fill(all), { maxBytes: 50 * MB })
      return (await read(broker, request)).partitions.map(({ records }) => offsetsOf(records).length)
    }
    expect(await countsOf(1)).toEqual([8])
    expect(await countsOf(2)).toEqual([4, 1])
    expect(await countsOf(9)).toEqual(Array(9).fill(1))
  })
})

describe('waiting (trap 13)', () => {
  it('waits for max.wait when there is nothing, then answers with the exact watermarks', async () => {
    await using broker = await withBatches(1, 2)
    const before = broker.clock.monotonicMs()
    const { partitions } = await read(broker, body('t', [{ fetchOffset: 2 }], { maxWaitMs: 500 }))
    expect(broker.clock.monotonicMs() - before).toBeGreaterThanOrEqual(500)
    expect(partitions[0]).toMatchObject({
      errorCode: 0,
      highWatermark: 2,
      lastStableOffset: 2,
      logStartOffset: 0,
    })
  })

  it('is woken by an append, long before its time', async () => {
    await using broker = await withBatches(0, 0)
    const before = broker.clock.monotonicMs()
    const parked = broker.connect().request(fetch, 11, body('t', [{}], { maxWaitMs: 60_000 }))
    await broker.quiesce()
    await broker.produce('t', numbered(1))
    const reply = await broker.settle(parked)
    expect(offsetsOf(reply.responses[0]?.partitions[0]?.records ?? null)).toEqual([0])
    expect(broker.clock.monotonicMs() - before).toBeLessThan(1000)
  })

  it('waits until min.bytes are there in all partitions together', async () => {
    await using broker = await withBatches(0, 0, 2)
    let isAnswered = false
    const parked = broker
      .connect()
      .request(fetch, 11, body('t', [{}, {}], { maxWaitMs: 60_000, minBytes: 250 }))
    void parked.then(() => {
      isAnswered = true
    })
    await broker.produce('t', numbered(2), 0)
    await broker.quiesce()
    expect(isAnswered).toBe(false)
    await broker.produce('t', numbered(2), 1)
    await broker.quiesce()
    expect(isAnswered).toBe(false)
    await broker.produce('t', numbered(2), 0)
    const reply = await broker.settle(parked)
    expect(reply.responses[0]?.partitions.map(({ records }) => offsetsOf(records).length)).toEqual([4, 2])
    // Woken by the bytes, not by its deadline.
    expect(broker.clock.monotonicMs()).toBeLessThan(10_000)
  })

  it('answers at once when one partition has an error', async () => {
    await using broker = await withBatches(0, 0)
    const before = broker.clock.monotonicMs()
    const { partitions } = await read(broker, body('t', [{}, { partition: 9 }], { maxWaitMs: 60_000 }))
    expect(partitions.map(({ errorCode }) => errorCode)).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION])
    expect(broker.clock.monotonicMs() - before).toBeLessThan(1000)
  })

  it('answers offsets below the start and above the end with OFFSET_OUT_OF_RANGE, the end itself is fine', async () => {
    await using broker = await withBatches(1, 2)
    const at = async (fetchOffset: number) =>
      (await read(broker, body('t', [{ fetchOffset }]))).partitions[0]?.errorCode
    expect(await at(3)).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
    expect(await at(-1)).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
    expect(await at(2)).toBe(ErrorCode.NONE)
  })

  it('answers a parked fetch when its topic is deleted', async () => {
    await using broker = await withBatches(0, 0)
    const parked = broker.connect().request(fetch, 11, body('t', [{}], { maxWaitMs: 60_000 }))
    await broker.quiesce()
    await broker.deleteTopic('t')
    const reply = await broker.settle(parked)
    expect(reply.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    expect(broker.clock.monotonicMs()).toBeLessThan(10_000)
  })

  it('holds back what comes behind it on its connection, and no other connection (trap 3)', async () => {
    await using broker = await withBatches(0, 0)
    const connection = broker.connect()
    const order: string[] = []
    const parked = connection
      .request(fetch, 11, body('t', [{}], { maxWaitMs: 300 }))
      .then(() => order.push('fetch'))
    const behind = connection.request(metadata, 1, { topics: [] }).then(() => order.push('behind'))
    const other = broker
      .connect()
      .request(metadata, 1, { topics: [] })
      .then(() => order.push('other'))
    await broker.settle(Promise.all([parked, behind, other]))
    expect(order).toEqual(['other', 'fetch', 'behind'])
  })

  it('keeps nothing for a connection that is gone', async () => {
    await using broker = await withBatches(0, 0)
    for (let index = 0; index < 20; index++) {
      const connection = broker.connect()
      connection.request(fetch, 11, body('t', [{}], { maxWaitMs: 2 ** 31 - 1 })).catch(() => {})
      await broker.quiesce()
      connection.close()
      await broker.quiesce()
    }
    const before = broker.clock.monotonicMs()
    await broker.close()
    expect(broker.clock.monotonicMs() - before).toBeLessThan(2000)
  })

  it('answers what is parked when the broker closes', async () => {
    const broker = await withBatches(0, 0)
    const parked = broker.connect().request(fetch, 11, body('t', [{}], { maxWaitMs: 60_000 }))
    await broker.quiesce()
    const [reply] = await broker.settle(Promise.all([parked, broker.broker.close()]))
    expect(reply.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NONE)
  })
})

describe('read committed', () => {
  it('has an empty list of aborted transactions, read uncommitted none', async () => {
    await using broker = await withBatches(1, 1)
    const committed = await read(broker, body('t', [{}], { isolationLevel: 1 }))
    expect(committed.partitions[0]?.abortedTransactions).toEqual([])
    const uncommitted = await read(broker, body('t', [{}]))
    expect(uncommitted.partitions[0]?.abortedTransactions).toBeNull()
  })
})

describe('leader epochs in Fetch (trap 24)', () => {
  it('are checked when they are told', async () => {
    await using broker = await withBatches(1, 1)
    const at = async (currentLeaderEpoch: number) =>
      (await read(broker, body('t', [{ currentLeaderEpoch }]))).partitions[0]?.errorCode
    expect(await at(0)).toBe(ErrorCode.NONE)
    expect(await at(-1)).toBe(ErrorCode.NONE)
    expect(await at(1)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH)
  })

  it('tell a reader who went on behind the end of its epoch where to go back to (KIP-595)', async () => {
    const clock = new SimulatedClock()
    const disk = new SimulatedDisk(new Prng(1))
    const first = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
    await first.createTopic('t')
    await first.produce('t', numbered(2))
    disk.crash('process')
    const later = new SimulatedClock()
    await using broker = await TestBroker.start({ clock: later, fileSystem: disk.boot(later) })
    await broker.produce('t', numbered(3))
    const ask = async (fetchOffset: number, lastFetchedEpoch: number) => {
      const { partitions } = await read(broker, body('t', [{ fetchOffset, lastFetchedEpoch }]), {
        version: 12,
      })
      return { offsets: offsetsOf(partitions[0]?.records ?? null), diverging: partitions[0]?.divergingEpoch }
    }
    const none = { epoch: -1, endOffset: -1 }
    expect(await ask(2, 0)).toEqual({ offsets: [2, 3, 4], diverging: none })
    expect(await ask(3, 0)).toEqual({ offsets: [], diverging: { epoch: 0, endOffset: 2 } })
    expect(await ask(3, 1)).toEqual({ offsets: [2, 3, 4], diverging: none })
  })

  it('send a reader of an epoch that was not reached yet elsewhere with OFFSET_OUT_OF_RANGE, as Kafka 4.3', async () => {
    await using broker = await withBatches(1, 3)
    const request = body('t', [{ fetchOffset: 2, lastFetchedEpoch: 5 }])
    const { partitions } = await read(broker, request, { version: 12 })
    expect(partitions).toMatchObject([{ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, highWatermark: -1 }])
  })
})

describe('Large batches, whose frames belong to the log', () => {
  const RECORD_BYTES = 100_000
  const BATCHES = 100

  it('are read as they were sent, from memory and when they left it, by readers in between too', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const seen: number[] = []
    for (let index = 0; index < BATCHES; index++) {
      await broker.produce('t', numbered(1, RECORD_BYTES))
      if (index % 3 !== 0) continue
      const { partitions } = await read(broker, body('t', [{ fetchOffset: index }]))
      seen.push(...offsetsOf(partitions[0]?.records ?? null))
    }
    expect(seen).toEqual(
      Array.from({ length: BATCHES }, (_, index) => index).filter((index) => index % 3 === 0),
    )
    const all: number[] = []
    while (all.length < BATCHES) {
      const { partitions } = await read(broker, body('t', [{ fetchOffset: all.length }]))
      all.push(...offsetsOf(partitions[0]?.records ?? null))
    }
    expect(all).toEqual(Array.from({ length: BATCHES }, (_, index) => index))
  })

  it('give what was read from the disk back when the answer has left', async () => {
    const fileSystem = memoryFileSystem()
    const readFromDisk: Buffer[] = []
    const open = fileSystem.open.bind(fileSystem)
    fileSystem.open = (path, mode) => {
      const handle = open(path, mode)
      handle.readInto = async (position, target, length) => {
        if (length >= RECORD_BYTES) readFromDisk.push(target)
        return handle.readSync(position, target, 0, length)
      }
      return handle
    }
    await using broker = await TestBroker.start({ fileSystem })
    await broker.createTopic('t')
    for (let index = 0; index < BATCHES; index++) await broker.produce('t', numbered(1, RECORD_BYTES))
    const { partitions } = await read(broker, body('t', [{}]))
    expect(offsetsOf(partitions[0]?.records ?? null).length).toBeGreaterThan(5)
    expect(readFromDisk.map(({ length }) => length)).toEqual([0])
  })

  it('share a frame without losing one to the other', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    const connection = broker.connect()
    for (let index = 0; index < BATCHES; index++) {
      const partitionData = [0, 1].map((partition) => ({
        index: partition,
        records: batchOf(numbered(1, partition === 0 ? RECORD_BYTES : 10_000), broker.clock.nowMs()),
      }))
      const request = { transactionalId: null, acks: -1, timeoutMs: 1000 }
      await broker.settle(
        connection.request(produce, 9, { ...request, topicData: [{ name: 't', partitionData }] }),
      )
    }
    const { partitions } = await read(broker, body('t', [{ partitionMaxBytes: 50 * RECORD_BYTES }, {}]))
    const [first, second] = partitions.map(({ records }) => offsetsOf(records))
    expect(first?.length).toBeGreaterThan(40)
    expect(second).toEqual(Array.from({ length: BATCHES }, (_, index) => index))
  })
})
