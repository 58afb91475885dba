import {
  alterPartitionReassignments,
  createPartitions,
  createTopics,
  deleteTopics,
  describeCluster,
  describeProducers,
  ErrorCode,
  electLeaders,
  offsetCommit,
  offsetFetch,
  produce,
} from '@millrace/protocol'
import { expect, it } from 'vitest'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'

/** Creates a topic whose partitions lie on these brokers. */
async function createOn(broker: TestBroker, assigned: readonly (readonly number[])[]) {
  const assignments = assigned.map((brokerIds, partitionIndex) => ({
    partitionIndex,
    brokerIds: [...brokerIds],
  }))
  const topics = [{ name: 't', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }]
  return (await broker.settle(broker.connect().request(createTopics, 7, { topics }))).topics[0]
}

it('DescribeProducers tells the sequence of the last batch', async () => {
  await using broker = await TestBroker.start()
  await broker.createTopic('t')
  for (const [baseSequence, count] of [
    [0, 3],
    [3, 2],
  ] as const) {
    const producer = { producerId: 7, producerEpoch: 0, baseSequence }
    const body = produceBody('t', batchOf(numbered(count), broker.clock.nowMs(), producer))
    await broker.settle(broker.connect().request(produce, 9, body))
  }
  const topics = [{ name: 't', partitionIndexes: [0] }]
  const answer = await broker.settle(broker.connect().request(describeProducers, 0, { topics }))
  expect(answer.topics[0]?.partitions[0]?.activeProducers).toMatchObject([{ lastSequence: 4 }])
})

it('ElectLeaders knows no partition behind the last', async () => {
  await using broker = await TestBroker.start()
  await broker.createTopic('t', 2)
  const topicPartitions = [{ topic: 't', partitions: [1, 2] }]
  const request = { electionType: 0, topicPartitions, timeoutMs: 0 }
  const answer = await broker.settle(broker.connect().request(electLeaders, 2, request))
  expect(answer.replicaElectionResults[0]?.partitionResult.map(({ errorCode }) => errorCode)).toEqual([
    ErrorCode.ELECTION_NOT_NEEDED,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ])
})

it('AlterPartitionReassignments changes the replication factor only where it may (KIP-860)', async () => {
  await using broker = await TestBroker.start({ nodes: 3 })
  await broker.createTopic('t')
  const reassign = async (allowReplicationFactorChange: boolean) => {
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [2, 3] }] }]
    const request = { timeoutMs: 0, allowReplicationFactorChange, topics }
    const answer = await broker.settle(broker.connect().request(alterPartitionReassignments, 1, request))
    return answer.responses[0]?.partitions[0]
  }
  expect(await reassign(false)).toMatchObject({
    errorCode: ErrorCode.INVALID_REPLICATION_FACTOR,
    errorMessage: 'The replication factor is changed from 1 to 2',
  })
  expect(await reassign(true)).toMatchObject({ errorCode: ErrorCode.NONE })
})

it('DeleteTopics takes what groups have committed on a topic with it, also for a topic made again', async () => {
  await using broker = await TestBroker.start()
  const connection = broker.connect()
  for (const topic of ['gone', 'kept']) await broker.createTopic(topic)
  const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }]
  const topics = ['gone', 'kept'].map((name) => ({ name, partitions }))
  await broker.settle(connection.request(offsetCommit, 8, { groupId: 'g', memberId: '', topics }))
  await broker.settle(connection.request(deleteTopics, 5, { topicNames: ['gone'], timeoutMs: 0 }))
  const committed = async () => {
    const request = { groups: [{ groupId: 'g', topics: null }], requireStable: false }
    const { groups } = await broker.settle(connection.request(offsetFetch, 8, request))
    return groups[0]?.topics.map(({ name }) => name)
  }
  expect(await committed()).toEqual(['kept'])
  await broker.createTopic('gone')
  expect(await committed()).toEqual(['kept'])
})

it('DescribeCluster tells the rack', async () => {
  await using broker = await TestBroker.start({ config: { 'broker.rack': 'r1' } })
  const request = { includeClusterAuthorizedOperations: false }
  const { brokers } = await broker.settle(broker.connect().request(describeCluster, 1, request))
  expect(brokers).toMatchObject([{ brokerId: 1, rack: 'r1' }])
})

it('CreateTopics takes the replication factor from an assignment, which has one for all partitions', async () => {
  await using broker = await TestBroker.start({ nodes: 3 })
  expect(await createOn(broker, [[1, 2], [3]])).toMatchObject({
    errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT,
    errorMessage: expect.stringMatching(
      /with 1 replica\(s\), but this is not consistent .* have 2 replica\(s\)\.$/,
    ),
  })
  expect(
    await createOn(broker, [
      [1, 2],
      [3, 1],
    ]),
  ).toMatchObject({
    errorCode: ErrorCode.NONE,
    numPartitions: 2,
    replicationFactor: 2,
  })
  const topics = [{ name: 't', count: 3, assignments: [{ brokerIds: [1] }] }]
  const request = { topics, timeoutMs: 0, validateOnly: false }
  const { results } = await broker.settle(broker.connect().request(createPartitions, 3, request))
  expect(results).toMatchObject([
    {
      errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      errorMessage: expect.stringContaining('with 1 replica(s), but this is not consistent'),
    },
  ])
})
