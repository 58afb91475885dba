import { createTopics, deleteTopics, ErrorCode, fetch, metadata, produce } from '@millrace/protocol'
import { readBatchHeader } from '@millrace/record-batch'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'
import type { TestConnection } from '../testing/test-connection.ts'

const NAMES = ['a', 'b', 'c']
const STEPS = 150

/** Every error that a client may meet while a topic comes and goes under it. */
const ALLOWED = new Set<number>([
  ErrorCode.NONE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.TOPIC_ALREADY_EXISTS,
  ErrorCode.OFFSET_OUT_OF_RANGE,
])

/** One client that does something to some topic, again and again. */
class Worker {
  readonly #broker: TestBroker
  readonly #prng: Prng
  readonly #connection: TestConnection
  readonly codes = new Set<number>()

  constructor(broker: TestBroker, prng: Prng) {
    this.#broker = broker
    this.#prng = prng
    this.#connection = broker.connect()
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const code = await this.#act(this.#prng.pick(NAMES))
      if (code !== undefined) this.codes.add(code)
    }
  }

  async #act(name: string): Promise<number | undefined> {
    const connection = this.#connection
    switch (this.#prng.below(6)) {
      case 0: {
        const topic = { name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
        return (await connection.request(createTopics, 7, { topics: [topic] })).topics[0]?.errorCode
      }
      case 1: {
        const request = { topicNames: [name], timeoutMs: 0 }
        return (await connection.request(deleteTopics, 4, request)).responses[0]?.errorCode
      }
      case 2:
        return (await connection.request(metadata, 9, { topics: [{ name }] })).topics[0]?.errorCode
      case 3: {
        const topics = [
          { topic: name, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] },
        ]
        const reply = await connection.request(fetch, 11, { maxWaitMs: 50, minBytes: 1, topics })
        const partition = reply.responses[0]?.partitions[0]
        // A topic that was made again begins at 0, with nothing of the old one.
        if (partition?.records?.length) expect(readBatchHeader(partition.records).baseOffset).toBe(0)
        return partition?.errorCode
      }
      default: {
        const body = produceBody(name, batchOf(numbered(2), this.#broker.clock.nowMs()))
        return (await connection.request(produce, 9, body)).responses[0]?.partitionResponses[0]?.errorCode
      }
    }
  }
}

describe('topics that are made and deleted while they are used', () => {
  it.each([1, 2, 3])(
    'give no other errors than those of a topic that is not there (seed %i)',
    async (seed) => {
      const clock = new SimulatedClock()
      const prng = new Prng(seed)
      const disk = new SimulatedDisk(prng.fork())
      await using broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
      const workers = Array.from({ length: 6 }, () => new Worker(broker, prng.fork()))
      await broker.settle(Promise.all(workers.map((worker) => worker.run())))
      const codes = new Set(workers.flatMap((worker) => [...worker.codes]))
      expect([...codes].filter((code) => !ALLOWED.has(code))).toEqual([])
      expect(codes.has(ErrorCode.NONE)).toBe(true)
      expect(broker.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
      // In the end nothing is left of what is deleted, and everything that is there can be used.
      for (const name of NAMES) await broker.deleteTopic(name)
      await clock.advance(120_000)
      const directories = broker.fileSystem.list('/data').filter(({ kind }) => kind === 'directory')
      expect(directories.map(({ name }) => name)).toEqual([])
    },
  )
})
