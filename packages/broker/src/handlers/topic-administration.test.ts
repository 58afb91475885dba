import { memoryFileSystem } from '@millrace/log-core'
import {
  alterPartitionReassignments,
  createPartitions,
  createTopics,
  type DescribeTopicPartitionsResponse,
  deleteRecords,
  deleteTopics,
  describeLogDirs,
  describeProducers,
  describeTopicPartitions,
  ErrorCode,
  electLeaders,
  listPartitionReassignments,
  metadata,
  produce,
  ZERO_UUID,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'

async function addPartitions(
  broker: TestBroker,
  name: string,
  count: number,
  { assignments = null as number[][] | null, validateOnly = false } = {},
) {
  const topics = [{ name, count, assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null }]
  const { results } = await broker.settle(
    broker.connect().request(createPartitions, 3, { topics, timeoutMs: 0, validateOnly }),
  )
  return results[0]
}

async function partitionsOf(broker: TestBroker, name: string) {
  const { topics } = await broker.settle(
    broker.connect().request(metadata, 12, { topics: [{ topicId: ZERO_UUID, name }] }),
  )
  return topics[0]?.partitions ?? []
}

describe('CreatePartitions', () => {
  it('is visible in the next Metadata, and the new partitions take records (trap 27)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1)
    expect(await addPartitions(broker, 't', 3)).toMatchObject({
      errorCode: ErrorCode.NONE,
      errorMessage: null,
    })
    const partitions = await partitionsOf(broker, 't')
    expect(partitions.map(({ errorCode, leaderId }) => [errorCode, leaderId])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
    expect(await broker.produce('t', numbered(1), 2)).toBe(0)
  })

  it('keeps what the old partitions have, also over a restart', async () => {
    const fileSystem = memoryFileSystem()
    const first = await TestBroker.start({ fileSystem })
    await first.createTopic('t', 1)
    await first.produce('t', numbered(3))
    await addPartitions(first, 't', 2)
    await first.close()
    await using second = await TestBroker.start({ fileSystem })
    expect((await partitionsOf(second, 't')).length).toBe(2)
    expect(await second.produce('t', numbered(1), 0)).toBe(3)
    expect(await second.produce('t', numbered(1), 1)).toBe(0)
  })

  it('changes nothing when it only validates', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1)
    expect(await addPartitions(broker, 't', 3, { validateOnly: true })).toMatchObject({ errorCode: 0 })
    expect((await partitionsOf(broker, 't')).length).toBe(1)
  })

  const refusals: [string, string, number, number[][] | null, number, RegExp][] = [
    ['an unknown topic', 'u', 3, null, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, /does not exist/],
    ['as many as there are', 't', 2, null, ErrorCode.INVALID_PARTITIONS, /Topic already has 2 partition/],
    ['fewer', 't', 1, null, ErrorCode.INVALID_PARTITIONS, /1 would not be an increase/],
    ['-1', 't', -1, null, ErrorCode.INVALID_PARTITIONS, /-1 would not be an increase/],
    ['2^31-1', 't', 2 ** 31 - 1, null, ErrorCode.POLICY_VIOLATION, /at most/],
    ['too many assignments', 't', 3, [[1], [1]], ErrorCode.INVALID_REPLICA_ASSIGNMENT, /only 2 assignment/],
    ['an unknown broker', 't', 3, [[9]], ErrorCode.INVALID_REPLICA_ASSIGNMENT, /includes broker 9/],
    ['no broker', 't', 3, [[]], ErrorCode.INVALID_REPLICA_ASSIGNMENT, /empty replica list/],
    ['a broker twice', 't', 3, [[1, 1]], ErrorCode.INVALID_REPLICA_ASSIGNMENT, /broker 1 more than once/],
  ]
  it.each(refusals)('refuses %s', async (_title, name, count, assignments, errorCode, message) => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    const reply = await addPartitions(broker, name, count, { assignments })
    expect(reply).toMatchObject({ errorCode })
    expect(reply?.errorMessage).toMatch(message)
    expect((await partitionsOf(broker, 't')).length).toBe(2)
  })

  it('loses nothing when two ask at once', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 1)
    const replies = await Promise.all([addPartitions(broker, 't', 3), addPartitions(broker, 't', 2)])
    expect(replies.map((reply) => reply?.errorCode)).toEqual([ErrorCode.NONE, ErrorCode.INVALID_PARTITIONS])
    expect((await partitionsOf(broker, 't')).length).toBe(3)
  })
})

describe('DeleteRecords', () => {
  async function deleteBefore(broker: TestBroker, offset: number, topic = 't', partitionIndex = 0) {
    const topics = [{ name: topic, partitions: [{ partitionIndex, offset }] }]
    const answer = await broker.settle(broker.connect().request(deleteRecords, 2, { topics, timeoutMs: 0 }))
    return answer.topics[0]?.partitions[0]
  }

  it('moves the start, takes -1 for the high watermark, and leaves a start that is higher (trap 27)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await broker.produce('t', numbered(10))
    expect(await deleteBefore(broker, 4)).toMatchObject({ errorCode: 0, lowWatermark: 4 })
    expect(await deleteBefore(broker, 2)).toMatchObject({ errorCode: 0, lowWatermark: 4 })
    expect(await deleteBefore(broker, 11)).toMatchObject({
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      lowWatermark: -1,
    })
    expect(await deleteBefore(broker, -2)).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE })
    expect(await deleteBefore(broker, -1)).toMatchObject({ errorCode: 0, lowWatermark: 10 })
  })

  it('refuses partitions that are not there', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const unknown = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, lowWatermark: -1 }
    expect(await deleteBefore(broker, 0, 't', 7)).toMatchObject(unknown)
    expect(await deleteBefore(broker, 0, 'u')).toMatchObject(unknown)
  })
})

describe('a partition that stands in a request twice (as seen at Kafka)', () => {
  it('has its records deleted before the last offset that was named, and is answered once', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await broker.produce('t', numbered(4))
    const part = (offset: number) => ({ name: 't', partitions: [{ partitionIndex: 0, offset }] })
    const asked = { topics: [part(9), part(1), part(2)], timeoutMs: 0 }
    const { topics } = await broker.settle(broker.connect().request(deleteRecords, 2, asked))
    expect(topics).toMatchObject([{ name: 't', partitions: [{ lowWatermark: 2, errorCode: 0 }] }])
    expect(topics[0]?.partitions).toHaveLength(1)
  })

  it('is listed once by DescribeLogDirs', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    const asked = { topics: [[0, 0], [1]].map((partitions) => ({ topic: 't', partitions })) }
    const { results } = await broker.settle(broker.connect().request(describeLogDirs, 4, asked))
    const listed = results[0]?.topics.map(({ partitions }) => partitions.map((one) => one.partitionIndex))
    expect(listed).toEqual([[0, 1]])
  })
})

describe('DeleteTopics', () => {
  async function remove(broker: TestBroker, topics: { name: string | null; topicId: string }[]) {
    const request = { topics, timeoutMs: 0 }
    return (await broker.settle(broker.connect().request(deleteTopics, 6, request))).responses
  }

  it('deletes by id, and a topic that is made again has another one', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('t')
    expect(await remove(broker, [{ name: null, topicId }])).toEqual([
      { name: 't', topicId, errorCode: ErrorCode.NONE, errorMessage: null },
    ])
    expect(await broker.createTopic('t')).not.toBe(topicId)
    expect((await remove(broker, [{ name: null, topicId }]))[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID)
  })

  it('keeps a topic that stands there once by name and once by id, and says so once', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('t')
    const replies = await remove(broker, [
      { name: 't', topicId: ZERO_UUID },
      { name: null, topicId },
    ])
    const errorMessage = 'The provided topic name maps to an ID that was already supplied.'
    expect(replies).toEqual([{ name: 't', topicId, errorCode: ErrorCode.INVALID_REQUEST, errorMessage }])
    expect((await partitionsOf(broker, 't')).length).toBe(1)
  })

  it('refuses a topic that is named twice, and one that is named by both', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('t')
    const twice = { name: 't', topicId: ZERO_UUID }
    const replies = await remove(broker, [
      twice,
      twice,
      { name: 't', topicId },
      { name: null, topicId: ZERO_UUID },
    ])
    expect(replies.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([
      [ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.'],
      [ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.'],
      [ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'],
    ])
    expect((await partitionsOf(broker, 't')).length).toBe(1)
  })
})

describe('DescribeTopicPartitions', () => {
  it('goes page by page, and never sends null for eligible leader replicas (trap 6b)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('a', 3)
    await broker.createTopic('b', 3)
    const seen: string[] = []
    let cursor: { topicName: string; partitionIndex: number } | null = null
    let pages = 0
    do {
      const request = { topics: [], responsePartitionLimit: 2, cursor }
      const answer: DescribeTopicPartitionsResponse = await broker.settle(
        broker.connect().request(describeTopicPartitions, 0, request),
      )
      for (const { name, partitions } of answer.topics) {
        for (const partition of partitions) {
          seen.push(`${name}-${partition.partitionIndex}`)
          expect(partition).toMatchObject({ eligibleLeaderReplicas: [], lastKnownElr: [], leaderId: 1 })
        }
      }
      cursor = answer.nextCursor
      pages++
    } while (cursor !== null && pages < 10)
    expect(seen).toEqual(['a-0', 'a-1', 'a-2', 'b-0', 'b-1', 'b-2'])
    expect(pages).toBe(3)
  })

  it('tells what is unknown and what can be no name', async () => {
    await using broker = await TestBroker.start()
    const request = { topics: [{ name: 'u' }, { name: 'a/b' }], responsePartitionLimit: 10, cursor: null }
    const { topics } = await broker.settle(broker.connect().request(describeTopicPartitions, 0, request))
    expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['a/b', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ['u', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ])
  })
})

describe('a page of DescribeTopicPartitions (as seen at Kafka)', () => {
  const pages: [string, { topicName: string; partitionIndex: number }, number[]][] = [
    ['a partition below 0', { topicName: 't', partitionIndex: -1 }, [ErrorCode.INVALID_REQUEST]],
    ['a topic that is not asked for', { topicName: 'a', partitionIndex: 0 }, [ErrorCode.INVALID_REQUEST]],
    ['beyond the last partition', { topicName: 't', partitionIndex: 7 }, [ErrorCode.NONE]],
  ]
  it.each(pages)('from %s', async (_title, cursor, codes) => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const request = { topics: [{ name: 't' }], responsePartitionLimit: 10, cursor }
    const { topics } = await broker.settle(broker.connect().request(describeTopicPartitions, 0, request))
    expect(topics.map(({ errorCode }) => errorCode)).toEqual(codes)
    expect(topics.flatMap(({ partitions }) => partitions)).toEqual([])
  })
})

describe('DescribeLogDirs', () => {
  it('tells the path as it was configured, and the size of each partition (trap 26)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    await broker.produce('t', numbered(10))
    const { results } = await broker.settle(broker.connect().request(describeLogDirs, 5, { topics: null }))
    const [result] = results
    expect(result).toMatchObject({ errorCode: 0, logDir: '/data', isCordoned: false })
    expect(result?.usableBytes).toBeGreaterThan(0)
    expect(result?.totalBytes).toBe(-1)
    const [first, second] = result?.topics[0]?.partitions ?? []
    expect(first?.partitionSize).toBeGreaterThan(160)
    expect(second?.partitionSize).toBe(0)
  })

  it('leaves out what was not asked for or is not there', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    const topics = [
      { topic: 't', partitions: [1, 7] },
      { topic: 'u', partitions: [0] },
    ]
    const { results } = await broker.settle(broker.connect().request(describeLogDirs, 4, { topics }))
    expect(results[0]?.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([['t', 1]])
  })
})

describe('DescribeProducers', () => {
  it('names the idempotent producers of a partition', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const batch = batchOf(numbered(3), broker.clock.nowMs(), {
      producerId: 7,
      producerEpoch: 2,
      baseSequence: 0,
    })
    await broker.settle(broker.connect().request(produce, 9, produceBody('t', batch)))
    const topics = [{ name: 't', partitionIndexes: [0, 5] }]
    const answer = await broker.settle(broker.connect().request(describeProducers, 0, { topics }))
    const [known, unknown] = answer.topics[0]?.partitions ?? []
    expect(known?.activeProducers).toMatchObject([
      { producerId: 7, producerEpoch: 2, lastSequence: 2, currentTxnStartOffset: -1 },
    ])
    expect(unknown?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  })
})

describe('leaders and replicas', () => {
  it('need no election', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const elect = (electionType: number, topicPartitions: { topic: string; partitions: number[] }[] | null) =>
      broker.settle(
        broker.connect().request(electLeaders, 2, { electionType, topicPartitions, timeoutMs: 0 }),
      )
    const one = await elect(0, [
      { topic: 't', partitions: [0, 5] },
      { topic: 'u', partitions: [0] },
    ])
    expect(
      one.replicaElectionResults.map(({ partitionResult }) => partitionResult.map((r) => r.errorCode)),
    ).toEqual([
      [ErrorCode.ELECTION_NOT_NEEDED, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ])
    expect((await elect(1, null)).replicaElectionResults).toEqual([{ topic: 't', partitionResult: [] }])
    expect((await elect(2, [])).errorCode).toBe(ErrorCode.INVALID_REQUEST)
  })

  async function reassign(
    broker: TestBroker,
    partitionIndex: number,
    replicas: number[] | null,
    topic = 't',
  ) {
    const answer = await broker.settle(
      broker.connect().request(alterPartitionReassignments, 1, {
        timeoutMs: 0,
        allowReplicationFactorChange: true,
        topics: [{ name: topic, partitions: [{ partitionIndex, replicas }] }],
      }),
    )
    return answer.responses[0]?.partitions[0]
  }

  it('refuse unknown brokers, and cancel nothing (trap 27)', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    expect(await reassign(broker, 0, [9])).toMatchObject({ errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT })
    expect(await reassign(broker, 0, [])).toMatchObject({ errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT })
    expect(await reassign(broker, 0, null)).toMatchObject({
      errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
    })
    expect(await reassign(broker, 3, [1])).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })
    expect(await reassign(broker, 0, [1], 'u')).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    })
    expect(await reassign(broker, 0, [1])).toMatchObject({ errorCode: ErrorCode.NONE })
  })

  it('move between the brokers of one process at once, and stay there over a restart', async () => {
    const fileSystem = memoryFileSystem()
    const first = await TestBroker.start({ fileSystem, nodes: 3 })
    await first.createTopic('t', 1)
    for (const nodeId of [3, 1, 2]) {
      expect(await reassign(first, 0, [nodeId])).toMatchObject({ errorCode: ErrorCode.NONE })
      expect((await partitionsOf(first, 't'))[0]).toMatchObject({ leaderId: nodeId, replicaNodes: [nodeId] })
    }
    const list = await first.settle(
      first.connect().request(listPartitionReassignments, 0, { timeoutMs: 0, topics: null }),
    )
    expect(list).toMatchObject({ errorCode: 0, topics: [] })
    await first.close()
    await using second = await TestBroker.start({ fileSystem, nodes: 3 })
    expect((await partitionsOf(second, 't'))[0]).toMatchObject({ leaderId: 2, replicaNodes: [2] })
  })

  it('are where a manual assignment puts them', async () => {
    await using broker = await TestBroker.start({ nodes: 3 })
    const assignments = [
      [2, 3],
      [3, 1],
    ].map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
    const topics = [{ name: 't', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }]
    await broker.settle(broker.connect().request(createTopics, 7, { topics, validateOnly: false }))
    await addPartitions(broker, 't', 3, { assignments: [[1, 2]] })
    expect((await partitionsOf(broker, 't')).map(({ replicaNodes }) => replicaNodes)).toEqual([
      [2, 3],
      [3, 1],
      [1, 2],
    ])
  })
})
