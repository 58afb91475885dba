import { createTopics, describeCluster } from '@millrace/protocol'
import { expect, it } from 'vitest'
import { startBroker } from './start-broker.ts'
import { TestConnection } from './testing/test-connection.ts'

it('an in-process connection is served as its listener is, and shows in the snapshot', async () => {
  await using broker = await startBroker({ host: '127.0.0.1', port: 0, nodes: 2 })
  const address = broker.brokers[1]
  if (address === undefined) throw new Error('two brokers were asked for')
  const connection = new TestConnection(broker.connect({ host: address.host, port: address.port }))
  const answer = await connection.request(describeCluster, 0, { includeClusterAuthorizedOperations: false })
  expect(answer.brokers.map(({ port }) => port)).toEqual(broker.brokers.map(({ port }) => port))
  const topic = { name: 'a', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  await connection.request(createTopics, 5, { topics: [topic], timeoutMs: 1_000, validateOnly: false })
  const { partitions, ...counts } = broker.snapshot()
  expect(counts).toMatchObject({ clusterId: broker.clusterId, topicCount: 1, connectionCount: 1 })
  expect(partitions).toHaveLength(2)
  expect(partitions[1]).toMatchObject({ topic: 'a', partition: 1, highWatermark: 0, failure: null })
  expect(() => broker.connect({ host: 'elsewhere', port: 1 })).toThrow('connection refused')
})
