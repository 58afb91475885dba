import { ErrorCode, fetch, produce } from '@millrace/protocol'
import { Compression, crc32c, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { send } from '../testing/send-batch.ts'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'

describe('compression.type of the topic', () => {
  const codecs = [
    ['uncompressed', Compression.none],
    ['gzip', Compression.gzip],
    ['snappy', Compression.snappy],
    ['lz4', Compression.lz4],
    ['zstd', Compression.zstd],
  ] as const

  async function keptBatches(broker: TestBroker): Promise<Buffer> {
    const topics = [
      { topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 2_000_000 }] },
    ]
    const reply = await broker.settle(
      broker.connect().request(fetch, 11, { maxWaitMs: 0, minBytes: 1, topics }),
    )
    return reply.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)
  }

  it.each(codecs)(
    '%s: whatever producers send is kept under it, with its records',
    async (name, compression) => {
      await using broker = await TestBroker.start()
      await broker.createTopic('t', 1, { 'compression.type': name })
      const nowMs = broker.clock.nowMs()
      for (const [index, [, from]] of codecs.entries()) {
        const reply = await send(broker, batchOf(numbered(20), nowMs, { compression: from }))
        expect(reply).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: index * 20 })
      }
      const kept = await keptBatches(broker)
      const batches = [...scanBatches(kept)]
      expect(batches.map(({ header }) => header.compression)).toEqual(codecs.map(() => compression))
      for (const { position } of batches) {
        const values = readBatchRecords(kept, position).map(({ value }) => value?.toString())
        expect(values).toEqual(numbered(20).map(({ value }) => value?.toString()))
      }
    },
  )

  it('keeps the time of the append and the idempotence of what is recompressed', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'compression.type': 'lz4', 'message.timestamp.type': 'LogAppendTime' })
    const batch = (): Buffer =>
      batchOf(numbered(5), 7, {
        compression: Compression.gzip,
        producerId: 3,
        producerEpoch: 0,
        baseSequence: 0,
      })
    expect(await send(broker, batch())).toMatchObject({
      baseOffset: 0,
      logAppendTimeMs: broker.clock.nowMs(),
    })
    expect(await send(broker, batch())).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0 })
    expect([...scanBatches(await keptBatches(broker))]).toHaveLength(1)
  })

  it('is measured against max.message.bytes after compression as well', async () => {
    await using broker = await TestBroker.start()
    const configs = { 'compression.type': 'uncompressed', 'max.message.bytes': '2000' }
    await broker.createTopic('t', 1, configs)
    const batch = batchOf([{ value: Buffer.alloc(5000) }], broker.clock.nowMs(), {
      compression: Compression.gzip,
    })
    expect(batch.length).toBeLessThan(2000)
    expect((await send(broker, batch)).errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE)
  })

  it('zstd is refused to clients that cannot know it (KIP-110)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'compression.type': 'zstd' })
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }]
    const ask = (version: number) =>
      broker.settle(broker.connect().request(fetch, version, { maxWaitMs: 0, minBytes: 1, topics }))
    const errorOf = async (version: number) => (await ask(version)).responses[0]?.partitions[0]?.errorCode
    expect(await errorOf(9)).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
    expect(await errorOf(10)).toBe(ErrorCode.NONE)
  })
})

describe('large compressed batches', () => {
  it('are checked off the loop, and keep their place among the requests of their connection', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const nowMs = broker.clock.nowMs()
    const noise = Buffer.from(
      Array.from({ length: 200_000 }, (_, index) => (index * 7919 * (index >> 3)) & 0xff),
    )
    const connection = broker.connect()
    const sent = [
      Compression.gzip,
      Compression.none,
      Compression.zstd,
      Compression.lz4,
      Compression.none,
    ].map((compression) =>
      connection.request(produce, 9, produceBody('t', batchOf([{ value: noise }], nowMs, { compression }))),
    )
    const replies = await broker.settle(Promise.all(sent))
    const partitions = replies.map(({ responses }) => responses[0]?.partitionResponses[0])
    expect(partitions.map((reply) => [reply?.errorCode, reply?.baseOffset])).toEqual(
      [0, 1, 2, 3, 4].map((offset) => [ErrorCode.NONE, offset]),
    )
  })

  it('are refused like small ones', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const noise = Buffer.from(
      Array.from({ length: 200_000 }, (_, index) => (index * 7919 * (index >> 3)) & 0xff),
    )
    const batch = batchOf([{ value: noise }], broker.clock.nowMs(), { compression: Compression.zstd })
    batch.writeUInt8(batch.readUInt8(61) ^ 1, 61)
    batch.writeUInt32BE(crc32c(batch, 21), 17)
    expect((await send(broker, batch)).errorCode).toBe(ErrorCode.INVALID_RECORD)
  })
})
