import { ErrorCode, type FetchRequestInput, fetch, metadata } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { numbered, TestBroker } from '../testing/test-broker.ts'

const KNOWN_LEADER = { leaderId: 1, leaderEpoch: 0 }

type Asked = Partial<FetchRequestInput['topics'][number]['partitions'][number]>

/** A broker whose topic `t` has one partition with three records. */
async function withRecords(): Promise<TestBroker> {
  const broker = await TestBroker.start()
  await broker.createTopic('t')
  await broker.produce('t', numbered(3))
  return broker
}

/** What is told of each partition; `changes` are to the request, `asked` are its partitions. */
async function ask(
  broker: TestBroker,
  version: number,
  changes: Partial<FetchRequestInput>,
  asked: readonly Asked[] = [{}],
) {
  const connection = broker.connect()
  const described = await broker.settle(connection.request(metadata, 12, { topics: [{ name: 't' }] }))
  const partitions = asked.map((each) => ({
    partition: 0,
    fetchOffset: 0,
    partitionMaxBytes: 1_000_000,
    ...each,
  }))
  const topics = [{ topic: 't', topicId: described.topics[0]?.topicId ?? '', partitions }]
  const request = { maxWaitMs: 60_000, minBytes: 1, topics, ...changes }
  const reply = await broker.settle(connection.request(fetch, version, request))
  // An error is told at once, whatever the wait.
  expect(broker.clock.monotonicMs()).toBe(0)
  return reply.responses.flatMap((topic) => topic.partitions)
}

describe('A fetch that Kafka 4.3 refuses', () => {
  it('of a follower: NOT_LEADER_OR_FOLLOWER, since no replica follows', async () => {
    await using broker = await withRecords()
    for (const replicaId of [0, 1, 7]) {
      for (const version of [4, 12, 14, 15, 18]) {
        const changes = version >= 15 ? { replicaState: { replicaId, replicaEpoch: -1 } } : { replicaId }
        const [partition] = await ask(broker, version, changes)
        expect(partition, `replica ${replicaId}, v${version}`).toMatchObject({
          errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
          highWatermark: -1,
        })
        expect(partition?.records).toHaveLength(0)
        if (version >= 16) expect(partition?.currentLeader).toEqual(KNOWN_LEADER)
      }
    }
  })

  it('not of a consumer or of a debugging one (replica ids below zero)', async () => {
    await using broker = await withRecords()
    for (const replicaId of [-1, -2, -3]) {
      for (const version of [4, 14, 18]) {
        const changes = version >= 15 ? { replicaState: { replicaId, replicaEpoch: -1 } } : { replicaId }
        expect((await ask(broker, version, changes))[0]).toMatchObject({ errorCode: 0, highWatermark: 3 })
      }
    }
  })

  it('of an unknown isolation level: INVALID_REQUEST, where Kafka says UNKNOWN_SERVER_ERROR', async () => {
    await using broker = await withRecords()
    for (const isolationLevel of [-1, 2, 3]) {
      for (const version of [4, 12, 18]) {
        const [partition] = await ask(broker, version, { isolationLevel })
        expect(partition?.errorCode, `level ${isolationLevel}, v${version}`).toBe(ErrorCode.INVALID_REQUEST)
        expect(partition?.records).toHaveLength(0)
      }
    }
  })

  it('of a negative size, where there is something to read: INVALID_REQUEST', async () => {
    await using broker = await withRecords()
    for (const maxBytes of [-1, -2_147_483_648]) {
      expect((await ask(broker, 12, { maxBytes }))[0]?.errorCode).toBe(ErrorCode.INVALID_REQUEST)
      const [partition] = await ask(broker, 12, {}, [{ partitionMaxBytes: maxBytes }])
      expect(partition?.errorCode).toBe(ErrorCode.INVALID_REQUEST)
      const atEnd = await ask(broker, 12, { maxBytes, maxWaitMs: 0 }, [{ fetchOffset: 3 }])
      expect(atEnd[0]?.errorCode).toBe(ErrorCode.NONE)
    }
    const none = await ask(broker, 12, { maxBytes: 0 }, [{ partitionMaxBytes: 0 }])
    expect(none[0]?.records).not.toHaveLength(0)
  })
})
