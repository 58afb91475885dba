import { memoryFileSystem, StorageError } from '@millrace/log-core'
import { deleteRecords, ErrorCode, initProducerId, produce } from '@millrace/protocol'
import { Compression, crc32c } from '@millrace/record-batch'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { send } from '../testing/send-batch.ts'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'

describe('Produce', () => {
  it('answers every version in work with offset, times and log start (trap 22)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    let next = 0
    for (const version of [3, 4, 5, 6, 7, 8, 9, 10, 11]) {
      const reply = await send(broker, batchOf(numbered(3), broker.clock.nowMs()), { version })
      expect(reply).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: next, logAppendTimeMs: -1 })
      if (version >= 5) expect(reply.logStartOffset).toBe(0)
      next += 3
    }
  })

  it('tells where the log starts after its beginning was deleted', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await broker.produce('t', numbered(3))
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }]
    await broker.settle(broker.connect().request(deleteRecords, 2, { timeoutMs: 1000, topics }))
    expect((await send(broker, batchOf(numbered(1), broker.clock.nowMs()))).logStartOffset).toBe(2)
  })

  it('keeps compressed batches as they came', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    for (const compression of [Compression.gzip, Compression.snappy, Compression.lz4, Compression.zstd]) {
      const reply = await send(broker, batchOf(numbered(10), broker.clock.nowMs(), { compression }))
      expect(reply.errorCode, `codec ${compression}`).toBe(ErrorCode.NONE)
    }
  })

  it('stamps the time of the append where the topic says so, and tells it', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'message.timestamp.type': 'LogAppendTime' })
    const reply = await send(broker, batchOf(numbered(1), 5))
    expect(reply.logAppendTimeMs).toBe(broker.clock.nowMs())
  })

  it('answers UNKNOWN_TOPIC_OR_PARTITION and never creates a topic (trap 10)', async () => {
    await using broker = await TestBroker.start()
    const batch = batchOf(numbered(1), 0)
    expect((await send(broker, batch)).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    await broker.createTopic('t')
    expect((await send(broker, batch, { partition: 1 })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    expect((await send(broker, batch, { partition: -1 })).errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    )
  })

  it('refuses other acks than 0, 1 and all, transactions, and writes to internal topics', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const nowMs = broker.clock.nowMs()
    expect((await send(broker, batchOf(numbered(1), nowMs), { acks: 2 })).errorCode).toBe(
      ErrorCode.INVALID_REQUIRED_ACKS,
    )
    const transactional = batchOf(numbered(1), nowMs, {
      isTransactional: true,
      producerId: 1,
      producerEpoch: 0,
      baseSequence: 0,
    })
    expect((await send(broker, transactional)).errorCode).toBe(
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    )
    const internal = await send(broker, batchOf(numbered(1), nowMs), { topic: '__consumer_offsets' })
    expect(internal.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION)
  })

  it('refuses acks=all when more in-sync replicas are asked for than there are', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'min.insync.replicas': '2' })
    const nowMs = broker.clock.nowMs()
    expect((await send(broker, batchOf(numbered(1), nowMs))).errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS)
    expect((await send(broker, batchOf(numbered(1), nowMs), { acks: 1 })).errorCode).toBe(ErrorCode.NONE)
  })
})

describe('batches that cannot be accepted (trap 22)', () => {
  const wrongCrc = (batch: Buffer): Buffer => {
    batch.writeUInt8(batch.readUInt8(batch.length - 1) ^ 1, batch.length - 1)
    return batch
  }
  const withCrc = (batch: Buffer): Buffer => {
    batch.writeUInt32BE(crc32c(batch, 21), 17)
    return batch
  }
  const plain = (change: (batch: Buffer) => void) => (batch: Buffer) => {
    change(batch)
    return batch
  }
  const patched = (change: (batch: Buffer) => void) => (batch: Buffer) => {
    change(batch)
    return withCrc(batch)
  }
  const cases: [string, (batch: Buffer) => Buffer | null, number][] = [
    ['no records', () => null, ErrorCode.INVALID_RECORD],
    ['empty records', () => Buffer.alloc(0), ErrorCode.INVALID_RECORD],
    ['a cut batch', (batch) => batch.subarray(0, batch.length - 1), ErrorCode.INVALID_RECORD],
    ['two batches', (batch) => Buffer.concat([batch, batch]), ErrorCode.INVALID_RECORD],
    ['a wrong CRC', wrongCrc, ErrorCode.CORRUPT_MESSAGE],
    ['a negative length', plain((batch) => batch.writeInt32BE(-1, 8)), ErrorCode.CORRUPT_MESSAGE],
    ['a length of 2 GiB', plain((batch) => batch.writeInt32BE(2 ** 31 - 1, 8)), ErrorCode.INVALID_RECORD],
    ['format 1', plain((batch) => batch.writeInt8(1, 16)), ErrorCode.INVALID_RECORD],
    ['format 3 (asked of Kafka 4.3)', plain((batch) => batch.writeInt8(3, 16)), ErrorCode.CORRUPT_MESSAGE],
    ['format -1 (the same)', plain((batch) => batch.writeInt8(-1, 16)), ErrorCode.CORRUPT_MESSAGE],
    ['a wrong count', patched((batch) => batch.writeInt32BE(7, 57)), ErrorCode.INVALID_RECORD],
    ['2^31-1 records', patched((batch) => batch.writeInt32BE(2 ** 31 - 1, 57)), ErrorCode.INVALID_RECORD],
    ['a control batch', patched((batch) => batch.writeInt16BE(0x20, 21)), ErrorCode.INVALID_RECORD],
    [
      'an unknown codec',
      patched((batch) => batch.writeInt16BE(7, 21)),
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
    ],
  ]
  it.each(cases)('%s', async (_name, change, errorCode) => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const reply = await send(broker, change(batchOf(numbered(2), broker.clock.nowMs())))
    expect(reply).toMatchObject({ errorCode, baseOffset: -1 })
    expect(await broker.produce('t', numbered(1))).toBe(0)
  })

  it('names the records whose time is out of range, in one INVALID_TIMESTAMP', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'message.timestamp.before.max.ms': '1000' })
    const nowMs = broker.clock.nowMs()
    const batch = batchOf(
      [{ timestampMs: nowMs }, { timestampMs: nowMs - 5000 }, { timestampMs: nowMs + 7_200_000 }],
      0,
    )
    const reply = await send(broker, batch)
    expect(reply.errorCode).toBe(ErrorCode.INVALID_TIMESTAMP)
    expect(reply.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 2])
    expect(reply.errorMessage).toMatch(/record 1/)
  })

  it('refuses a batch above max.message.bytes with MESSAGE_TOO_LARGE', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1, { 'max.message.bytes': '1000' })
    const reply = await send(broker, batchOf([{ value: Buffer.alloc(1000) }], broker.clock.nowMs()))
    expect(reply.errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE)
  })

  it('refuses a decompression bomb without unfolding it', async () => {
    await using broker = await TestBroker.start({ config: { 'message.max.bytes': '2000000' } })
    await broker.createTopic('t')
    const bomb = batchOf([{ value: Buffer.alloc(200_000_000) }], broker.clock.nowMs(), {
      compression: Compression.zstd,
    })
    const before = process.memoryUsage().arrayBuffers
    const reply = await send(broker, bomb)
    expect([ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.INVALID_RECORD]).toContain(reply.errorCode)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
  })

  it('needs Produce v7 for zstd', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const zstd = (): Buffer => batchOf(numbered(2), broker.clock.nowMs(), { compression: Compression.zstd })
    expect((await send(broker, zstd(), { version: 6 })).errorCode).toBe(
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
    )
    expect((await send(broker, zstd(), { version: 7 })).errorCode).toBe(ErrorCode.NONE)
  })
})

describe('what an acknowledgement means', () => {
  /** A disk that loses every unsynced byte with the power, and a broker on it. */
  async function start(disk: SimulatedDisk): Promise<TestBroker> {
    const clock = new SimulatedClock()
    return TestBroker.start({ clock, fileSystem: disk.boot(clock) })
  }

  it.each([1, 2, 3, 4, 5])(
    'acks=all: the record survives the loss of power right after the answer (seed %i)',
    async (seed) => {
      const disk = new SimulatedDisk(new Prng(seed), { powerLoss: 'drop-all' })
      const first = await start(disk)
      await first.createTopic('t')
      const connection = first.connect()
      const sent = Array.from({ length: 4 }, (_, index) =>
        connection.request(produce, 9, produceBody('t', batchOf(numbered(index + 1), first.clock.nowMs()))),
      )
      await first.settle(Promise.all(sent))
      disk.crash('power')
      await using second = await start(disk)
      expect(await second.produce('t', numbered(1))).toBe(1 + 2 + 3 + 4)
    },
  )

  it('acks=1 and acks=0: nothing is lost when the process dies', async () => {
    const disk = new SimulatedDisk(new Prng(1))
    const first = await start(disk)
    await first.createTopic('t')
    const connection = first.connect()
    connection.post(produce, 9, produceBody('t', batchOf(numbered(2), first.clock.nowMs()), { acks: 0 }))
    await send(first, batchOf(numbered(3), first.clock.nowMs()), { acks: 1, connection })
    disk.crash('process')
    await using second = await start(disk)
    expect(await second.produce('t', numbered(1))).toBe(5)
  })

  it('acks=1 is answered before the disk has synced, acks=all after', async () => {
    const disk = new SimulatedDisk(new Prng(1), { syncMs: { least: 50, most: 50 } })
    await using broker = await start(disk)
    await broker.createTopic('t')
    const took = async (acks: number): Promise<number> => {
      const before = broker.clock.monotonicMs()
      await send(broker, batchOf(numbered(1), broker.clock.nowMs()), { acks })
      return broker.clock.monotonicMs() - before
    }
    expect(await took(1)).toBeLessThan(10)
    expect(await took(-1)).toBeGreaterThanOrEqual(50)
  })
})

describe('a sync that fails', () => {
  it('is answered with KAFKA_STORAGE_ERROR and no offset, acks=1 before it was not', async () => {
    const fileSystem = memoryFileSystem()
    const open = fileSystem.open.bind(fileSystem)
    let isFailing = false
    fileSystem.open = (path, mode) => {
      const handle = open(path, mode)
      const sync = handle.sync.bind(handle)
      handle.sync = async () => {
        if (isFailing && path.endsWith('.log')) throw new StorageError('EIO', path, 'the sync failed')
        await sync()
      }
      return handle
    }
    await using broker = await TestBroker.start({ fileSystem })
    await broker.createTopic('t')
    await broker.produce('t', numbered(1))
    isFailing = true
    const written = await send(broker, batchOf(numbered(1), broker.clock.nowMs()), { acks: 1 })
    expect(written).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 1 })
    const refused = await send(broker, batchOf(numbered(1), broker.clock.nowMs()))
    expect(refused).toMatchObject({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, baseOffset: -1 })
    isFailing = false
  })
})

describe('acks=0 (trap 4)', () => {
  it('gets no answer at all', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const connection = broker.connect()
    connection.post(produce, 7, produceBody('t', batchOf(numbered(1), broker.clock.nowMs()), { acks: 0 }))
    const reply = await send(broker, batchOf(numbered(1), broker.clock.nowMs()), { connection })
    expect(reply).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 1 })
    expect(connection.unexpected).toEqual([])
  })

  it('closes the connection on an error', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    connection.post(produce, 7, produceBody('unknown', batchOf(numbered(1), 0), { acks: 0 }))
    await broker.quiesce()
    expect(connection.isClosed).toBe(true)
    expect(connection.unexpected).toEqual([])
  })
})

describe('pipelined requests (trap 3)', () => {
  it('are applied and answered in order of arrival, and share syncs', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const connection = broker.connect()
    const sent = Array.from({ length: 50 }, (_, index) =>
      connection.request(
        produce,
        9,
        produceBody('t', batchOf(numbered(2), broker.clock.nowMs()), { acks: index % 2 ? 1 : -1 }),
      ),
    )
    const replies = await broker.settle(Promise.all(sent))
    const offsets = replies.map(({ responses }) => responses[0]?.partitionResponses[0]?.baseOffset)
    expect(offsets).toEqual(Array.from({ length: 50 }, (_, index) => index * 2))
  })

  it('keep their order when one of them is refused', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const connection = broker.connect()
    const nowMs = broker.clock.nowMs()
    const sent = [batchOf(numbered(1), nowMs), null, batchOf(numbered(1), nowMs)].map((batch) =>
      connection.request(produce, 9, produceBody('t', batch)),
    )
    const replies = await broker.settle(Promise.all(sent))
    expect(replies.map(({ responses }) => responses[0]?.partitionResponses[0]?.errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.INVALID_RECORD,
      ErrorCode.NONE,
    ])
  })
})

describe('idempotent producers (traps 9, 11, 18)', () => {
  const idempotent = (producerId: number, baseSequence: number, producerEpoch = 0) => ({
    producerId,
    producerEpoch,
    baseSequence,
  })

  it('get ids that are never given twice, whatever id they name (trap 9)', async () => {
    await using broker = await TestBroker.start()
    const ids = new Set<number>()
    for (let index = 0; index < 2500; index++) {
      const reply = await broker.settle(
        broker.connect().request(initProducerId, index % 6, {
          transactionalId: null,
          transactionTimeoutMs: 0,
          producerId: 0,
          producerEpoch: 0,
        }),
      )
      expect(reply).toMatchObject({ errorCode: ErrorCode.NONE, producerEpoch: 0 })
      ids.add(reply.producerId)
    }
    expect(ids.size).toBe(2500)
  })

  it('are refused with a reason when they name half an id, or a transaction', async () => {
    await using broker = await TestBroker.start()
    const base = { transactionalId: null, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }
    const ask = (changes: object) =>
      broker.settle(broker.connect().request(initProducerId, 4, { ...base, ...changes }))
    expect((await ask({ producerId: 5 })).errorCode).toBe(ErrorCode.INVALID_REQUEST)
    expect((await ask({ transactionalId: 'tx' })).errorCode).toBe(
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    )
  })

  it('get the first offset again for one of the last five batches, and the log names the duplicate', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const nowMs = broker.clock.nowMs()
    for (let sequence = 0; sequence < 20; sequence += 2) {
      await send(broker, batchOf(numbered(2), nowMs, idempotent(9, sequence)))
    }
    const again = await send(broker, batchOf(numbered(2), nowMs, idempotent(9, 10)))
    expect(again).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 10 })
    expect(broker.logged.filter(({ level }) => level === 'debug')).toMatchObject([
      {
        fields: {
          topic: 't',
          partition: 0,
          producerId: 9,
          producerEpoch: 0,
          baseSequence: 10,
          baseOffset: 10,
        },
      },
    ])
    const tooOld = await send(broker, batchOf(numbered(2), nowMs, idempotent(9, 0)))
    expect(tooOld.errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    const gap = await send(broker, batchOf(numbered(2), nowMs, idempotent(9, 22)))
    expect(gap.errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  })

  it('with a lower epoch get INVALID_PRODUCER_EPOCH, never PRODUCER_FENCED (trap 11)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const nowMs = broker.clock.nowMs()
    await send(broker, batchOf(numbered(1), nowMs, idempotent(9, 0, 3)))
    const reply = await send(broker, batchOf(numbered(1), nowMs, idempotent(9, 1, 2)), { version: 11 })
    expect(reply.errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
  })

  it('are known again after a restart, and their ids go on', async () => {
    const first = await TestBroker.start()
    await first.createTopic('t')
    const init = { transactionalId: null, transactionTimeoutMs: 0 }
    const { producerId } = await first.settle(first.connect().request(initProducerId, 1, init))
    await send(first, batchOf(numbered(2), first.clock.nowMs(), idempotent(producerId, 0)))
    await first.close()
    await using second = await TestBroker.start({ fileSystem: first.fileSystem, clock: first.clock })
    const again = await send(second, batchOf(numbered(2), second.clock.nowMs(), idempotent(producerId, 0)))
    expect(again).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0 })
    const later = await second.settle(second.connect().request(initProducerId, 1, init))
    expect(later.producerId).toBeGreaterThan(producerId)
  })
})
