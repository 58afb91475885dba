import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startBroker } from '@millrace/broker'
import { nodeFileSystem } from '@millrace/log-core'
import { createTopics, ErrorCode, fetch, initProducerId, produce } from '@millrace/protocol'
import { buildBatch, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { expect, it } from 'vitest'
import { WireClient } from '../bad-input/wire-client.ts'
import { cappedFileSystem, type DiskRoom } from './capped-file-system.ts'
import { HEAVY_TIMEOUT_MS, sized } from './load-size.ts'

const CYCLES = sized(3, 40)
const WRITERS = 4
const TOPIC = 'filling'
const RECORDS_PER_BATCH = 10
const ROOM_BYTES = 100_000
const HEALED_WITHIN_MS = 15_000

/** Writes its own partition, in order, and tries what was refused again until it is there. */
class Writer {
  readonly #client: WireClient
  readonly #partition: number
  readonly #producerId: number
  readonly codes = new Set<number>()
  acknowledged = 0
  refused = 0
  isStopped = false

  constructor(client: WireClient, partition: number, producerId: number) {
    this.#client = client
    this.#partition = partition
    this.#producerId = producerId
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      const code = await this.#send(this.acknowledged)
      this.codes.add(code)
      if (code === ErrorCode.NONE) this.acknowledged += 1
      else {
        this.refused += 1
        await wait(5)
      }
    }
  }

  async #send(batchNumber: number): Promise<number> {
    const first = batchNumber * RECORDS_PER_BATCH
    const records = buildBatch(
      Array.from({ length: RECORDS_PER_BATCH }, (_, index) => ({
        key: null,
        value: Buffer.from(String(first + index).padEnd(100)),
        timestampMs: 1_700_000_000_000,
      })),
      { producerId: this.#producerId, producerEpoch: 0, baseSequence: first },
    )
    const answer = await this.#client.ask(produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: TOPIC, partitionData: [{ index: this.#partition, records }] }],
    })
    return answer.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
  }
}

async function readAll(client: WireClient, partition: number): Promise<number[]> {
  const values: number[] = []
  for (;;) {
    const partitions = [{ partition, fetchOffset: values.length, partitionMaxBytes: 1_000_000 }]
    const request = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: TOPIC, partitions }] }
    const reply = (await client.ask(fetch, 11, request)).responses[0]?.partitions[0]
    expect(reply?.errorCode).toBe(ErrorCode.NONE)
    const records = reply?.records ?? Buffer.alloc(0)
    if (records.length === 0) return values
    for (const { position } of scanBatches(records)) {
      for (const { offset, value } of readBatchRecords(records, position)) {
        if (offset === values.length) values.push(Number(value))
      }
    }
  }
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + HEALED_WITHIN_MS
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${HEALED_WITHIN_MS} ms`)
    await wait(2)
  }
}

it(
  `a disk that is full ${CYCLES} times under load refuses, serves reads, heals, and doubles nothing`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-full-'))
    const room: DiskRoom = { bytes: Number.POSITIVE_INFINITY }
    const fileSystem = cappedFileSystem(nodeFileSystem(), room)
    const broker = await startBroker({ port: 0, dataDir: join(folder, 'data'), fileSystem })
    try {
      const port = broker.brokers[0]?.port ?? 0
      await using admin = await WireClient.connect(port)
      const create = async (name: string): Promise<number | undefined> => {
        const topic = { name, numPartitions: WRITERS, replicationFactor: 1, assignments: [], configs: [] }
        return (await admin.ask(createTopics, 7, { topics: [topic], timeoutMs: 10_000 })).topics[0]?.errorCode
      }
      expect(await create(TOPIC)).toBe(ErrorCode.NONE)
      const writers: Writer[] = []
      for (let partition = 0; partition < WRITERS; partition += 1) {
        const given = await admin.ask(initProducerId, 1, { transactionalId: null, transactionTimeoutMs: 0 })
        writers.push(new Writer(await WireClient.connect(port), partition, given.producerId))
      }
      const running = Promise.all(writers.map((writer) => writer.run()))
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        const refusedBefore = writers.map(({ refused }) => refused)
        room.bytes = ROOM_BYTES
        await until('every writer meets the full disk', () =>
          writers.every(({ refused }, index) => refused > (refusedBefore[index] ?? 0)),
        )
        expect((await readAll(admin, cycle % WRITERS)).length).toBeGreaterThan(0)
        expect(await create(`more-${cycle}`)).toBe(ErrorCode.KAFKA_STORAGE_ERROR)
        room.bytes = Number.POSITIVE_INFINITY
        const acknowledgedBefore = writers.map(({ acknowledged }) => acknowledged)
        await until('every writer goes on', () =>
          writers.every(({ acknowledged }, index) => acknowledged > (acknowledgedBefore[index] ?? 0)),
        )
      }
      for (const writer of writers) writer.isStopped = true
      await running
      for (const [partition, { acknowledged, codes }] of writers.entries()) {
        expect([...codes].sort((a, b) => a - b)).toEqual([ErrorCode.NONE, ErrorCode.KAFKA_STORAGE_ERROR])
        const count = acknowledged * RECORDS_PER_BATCH
        expect(await readAll(admin, partition)).toEqual(Array.from({ length: count }, (_, index) => index))
      }
      expect(await create('after')).toBe(ErrorCode.NONE)
    } finally {
      await broker.close()
      rmSync(folder, { recursive: true })
    }
  },
  HEAVY_TIMEOUT_MS,
)
