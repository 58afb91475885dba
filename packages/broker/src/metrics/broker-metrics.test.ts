import { apiVersions, fetch, joinGroup, offsetCommit, produce } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { numbered, produceBody, TestBroker } from '../testing/test-broker.ts'
import { metricKey } from './metric-registry.ts'

function valuesOf(broker: TestBroker): Map<string, unknown> {
  return new Map(broker.broker.metrics().map((metric) => [metricKey(metric), metric.value]))
}

describe('the metrics of a broker', () => {
  it('count what came in, what went out, and what was refused', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    await broker.produce('t', numbered(3))
    await broker.produce('t', numbered(4), 1)
    const bad = produceBody('t', null)
    await broker.settle(broker.connect().request(produce, 9, bad))
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }] }]
    const { responses } = await broker.settle(
      broker.connect().request(fetch, 11, { maxWaitMs: 0, minBytes: 1, topics }),
    )
    const values = valuesOf(broker)
    const topicMetric = (name: string) => values.get(`kafka.server:type=BrokerTopicMetrics,name=${name}`)
    expect(topicMetric('MessagesInPerSec')).toBe(7)
    expect(topicMetric('BytesOutPerSec')).toBe(responses[0]?.partitions[0]?.records?.length)
    expect(topicMetric('FailedProduceRequestsPerSec')).toBe(1)
    expect(values.get('kafka.server:type=ReplicaManager,name=PartitionCount')).toBe(2)
    expect(values.get('kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Produce')).toBe(3)
    expect(values.get('kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Fetch')).toMatchObject({
      count: 1,
    })
    expect(values.get('kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs')).toMatchObject({
      count: expect.any(Number),
    })
  })

  it('tell how long a parked fetch waited as remote time', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }] }]
    await broker.settle(broker.connect().request(fetch, 11, { maxWaitMs: 400, minBytes: 1, topics }))
    const total = valuesOf(broker).get('kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Fetch')
    expect(total).toMatchObject({ count: 1, max: expect.any(Number) })
    expect((total as { max: number }).max).toBeGreaterThanOrEqual(400)
  })

  it('tell how many groups, members and committed offsets there are, and how late the event loop runs', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    const partitions = [0, 1].map((partitionIndex) => ({
      partitionIndex,
      committedOffset: 1,
      committedMetadata: '',
    }))
    const commit = {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 't', partitions }],
    }
    await broker.settle(broker.connect().request(offsetCommit, 8, commit))
    const join = {
      groupId: 'h',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    }
    await broker.settle(broker.connect().request(joinGroup, 3, join))
    const values = valuesOf(broker)
    const groups = (name: string) =>
      values.get(`kafka.coordinator.group:type=GroupMetadataManager,name=${name}`)
    expect([groups('NumGroups'), groups('NumMembers'), groups('NumOffsets')]).toEqual([2, 1, 2])
    for (const name of ['DelayMsP50', 'DelayMsP99', 'DelayMsMax']) {
      expect(values.get(`process:type=EventLoop,name=${name}`)).toBeGreaterThanOrEqual(0)
    }
  })

  it('go on through a reset', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await broker.produce('t', numbered(1))
    await broker.settle(broker.broker.reset())
    await broker.createTopic('t')
    await broker.produce('t', numbered(1))
    expect(valuesOf(broker).get('kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec')).toBe(2)
    expect(valuesOf(broker).get('kafka.server:type=ReplicaManager,name=PartitionCount')).toBe(1)
  })
})

describe('the clients of a broker', () => {
  it('are listed with address, client id, software, and what is in flight', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const connection = broker.connect()
    connection.clientId = 'me'
    const software = { clientSoftwareName: 'librdkafka', clientSoftwareVersion: '2.15.0' }
    await broker.settle(connection.request(apiVersions, 3, software))
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }] }]
    connection.request(fetch, 11, { maxWaitMs: 60_000, minBytes: 1, topics }).catch(() => {})
    await broker.clock.advance(1000)
    expect(broker.broker.clients().filter(({ clientId }) => clientId === 'me')).toMatchObject([
      {
        clientId: 'me',
        softwareName: 'librdkafka',
        softwareVersion: '2.15.0',
        listener: 'PLAINTEXT',
        requestsInFlight: 1,
        unsentBytes: 0,
      },
    ])
  })
})
