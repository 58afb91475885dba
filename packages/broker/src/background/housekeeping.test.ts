import { ErrorCode, fetch, listOffsets } from '@millrace/protocol'
import { readBatchHeader, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { numbered, TestBroker } from '../testing/test-broker.ts'

/** Every batch. An answer may end with its segment, so there may be several. */
async function batchesOf(broker: TestBroker, topic: string): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (let fetchOffset = 0; ; ) {
    const topics = [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] }]
    const request = { maxWaitMs: 0, minBytes: 1, topics }
    const { responses } = await broker.settle(broker.connect().request(fetch, 11, request))
    const records = responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)
    if (records.length === 0) return batches
    for (const { header, position } of scanBatches(records)) {
      batches.push(records.subarray(position, position + header.sizeBytes))
      fetchOffset = header.lastOffset + 1
    }
  }
}

/** Key and value of every record. */
async function recordsOf(broker: TestBroker, topic: string): Promise<[string | null, string | null][]> {
  const batches = await batchesOf(broker, topic)
  return batches.flatMap((batch) =>
    readBatchRecords(batch).map(({ key, value }): [string | null, string | null] => [
      key?.toString() ?? null,
      value?.toString() ?? null,
    ]),
  )
}

async function logStart(broker: TestBroker, topic: string): Promise<number> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -2 }] }]
  const reply = await broker.settle(broker.connect().request(listOffsets, 7, { replicaId: -1, topics }))
  return reply.topics[0]?.partitions[0]?.offset ?? -1
}

describe('housekeeping', () => {
  it('deletes what is too much, when it is asked to and when it is time', async () => {
    await using broker = await TestBroker.start()
    const small = { 'segment.bytes': '2000', 'retention.bytes': '3000' }
    for (const topic of ['asked', 'waited']) {
      await broker.createTopic(topic, 1, small)
      for (let index = 0; index < 20; index++) await broker.produce(topic, numbered(10, 50))
      expect(await logStart(broker, topic)).toBe(0)
      if (topic === 'asked') await broker.settle(broker.broker.housekeep())
      else await broker.clock.advance(301_000)
      expect(await logStart(broker, topic)).toBeGreaterThan(100)
    }
  })

  it('deletes what is too old, and keeps it for ever with -1', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('week', 1, { 'segment.ms': '1000' })
    await broker.createTopic('ever', 1, { 'segment.ms': '1000', 'retention.ms': '-1' })
    for (const topic of ['week', 'ever']) await broker.produce(topic, numbered(3))
    await broker.clock.advance(8 * 24 * 3_600_000)
    expect(await logStart(broker, 'week')).toBe(3)
    expect(await logStart(broker, 'ever')).toBe(0)
  })

  it('compacts on demand: the latest value of each key stays', async () => {
    const broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'cleanup.policy': 'compact', 'segment.bytes': '1024' })
    for (let round = 0; round < 30; round++) {
      const records = ['a', 'b'].map((key) => ({
        key: Buffer.from(key),
        value: Buffer.from(`${round}`.padEnd(100)),
      }))
      await broker.produce('t', records)
    }
    const before = (await recordsOf(broker, 't')).length
    await broker.settle(broker.broker.housekeep())
    await broker.close()
    // What was appended a moment ago is also in memory as it came: a new process reads what is on the disk.
    await using second = await TestBroker.start({ clock: broker.clock, fileSystem: broker.fileSystem })
    const after = await recordsOf(second, 't')
    expect(before).toBe(60)
    expect(after.length).toBeLessThan(30)
    expect(after.slice(-2).map(([key, value]) => [key, value?.trim()])).toEqual([
      ['a', '29'],
      ['b', '29'],
    ])
  })

  it('keeps what clients advance by: every batch as many records as it claims, and the last one its end (trap 25)', async () => {
    const broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'cleanup.policy': 'compact', 'segment.bytes': '1024' })
    for (let round = 0; round < 40; round++) {
      await broker.produce('t', [{ key: Buffer.from('only'), value: Buffer.from(`${round}`.padEnd(100)) }])
    }
    await broker.settle(broker.broker.housekeep())
    await broker.close()
    await using second = await TestBroker.start({ clock: broker.clock, fileSystem: broker.fileSystem })
    let nextOffset = 0
    for (const batch of await batchesOf(second, 't')) {
      expect(readBatchRecords(batch)).toHaveLength(readBatchHeader(batch).recordCount)
      expect(readBatchHeader(batch).baseOffset).toBeGreaterThanOrEqual(nextOffset)
      nextOffset = readBatchHeader(batch).lastOffset + 1
    }
    expect(nextOffset).toBe(40)
  })

  it('has keys on compacted topics, because the producer is told otherwise', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'cleanup.policy': 'compact' })
    await expect(broker.produce('t', numbered(1))).rejects.toThrow(String(ErrorCode.INVALID_RECORD))
  })

  it('opens a log again that a failed sync took offline, once the disk works', async () => {
    const clock = new SimulatedClock()
    const fileSystem = new SimulatedDisk(new Prng(3)).boot(clock)
    await using broker = await TestBroker.start({ clock, fileSystem })
    await broker.createTopic('t')
    await broker.produce('t', numbered(2))
    fileSystem.gate.plannedFailure = {
      atOperation: fileSystem.gate.operationCount + 1,
      kinds: ['sync'],
      code: 'EIO',
    }
    await expect(broker.produce('t', numbered(3))).rejects.toThrow(String(ErrorCode.KAFKA_STORAGE_ERROR))
    await expect(broker.produce('t', numbered(3))).rejects.toThrow(String(ErrorCode.KAFKA_STORAGE_ERROR))
    await broker.clock.advance(6_000)
    expect(await broker.produce('t', numbered(1))).toBe(2)
    expect((await recordsOf(broker, 't')).length).toBe(3)
  })
})
