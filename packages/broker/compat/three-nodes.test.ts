/** A program that expects three brokers, against one process. */
import { type ITopicMetadata, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dumpTopic, foreignClients, produceRecords } from './foreign-client.ts'
import { MillraceProcess } from './process/millrace-process.ts'

const COUNT = 600
const clients = foreignClients().filter(({ availability }) => availability.kind === 'here')

describe('serve --nodes 3', () => {
  let broker: MillraceProcess
  let kafka: Kafka
  beforeAll(async () => {
    broker = await MillraceProcess.start({ args: ['--nodes', '3'] })
    kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
  })
  afterAll(async () => {
    await broker?.close()
  })

  /** What the ready line says. */
  function listed(): string[] {
    return /Millrace listening on (\S+)/.exec(broker.output)?.[1]?.split(',') ?? []
  }

  it('lists three addresses in its ready line, and they are the three brokers of the cluster', async () => {
    expect(new Set(listed()).size).toBe(3)
    const admin = kafka.admin()
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    await admin.disconnect()
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1, 2, 3])
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(listed())
  })

  it('takes a replication factor of 3, shows it, and spreads the leaders', async () => {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'spread', numPartitions: 6, replicationFactor: 3 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['spread'] })
    await admin.disconnect()
    const partitions: ITopicMetadata['partitions'] = topics[0]?.partitions ?? []
    expect(partitions.map(({ leader }) => leader).sort()).toEqual([1, 1, 2, 2, 3, 3])
    for (const { isr, replicas } of partitions) {
      expect([...replicas].sort()).toEqual([1, 2, 3])
      expect([...isr].sort()).toEqual([1, 2, 3])
    }
  })

  it('every client finds the leaders, and writes and reads everything', async () => {
    const admin = kafka.admin()
    await admin.connect()
    const topics = clients.map(({ name }) => `nodes-${name.replace(/[^a-z-]/gi, '')}`)
    await admin.createTopics({
      topics: topics.map((topic) => ({ topic, numPartitions: 3, replicationFactor: 3 })),
    })
    await admin.disconnect()
    const read = clients.map(async (client, index) => {
      const target = {
        bootstrap: broker.bootstrap,
        topic: topics[index] ?? '',
        count: COUNT,
        prefix: 'value',
      }
      expect(await produceRecords(client, target)).toBe(COUNT)
      const tally = await dumpTopic(client, broker.bootstrap, target.topic)
      const counts = Object.values(tally).map(({ count }) => count)
      // Its keys meet all three partitions, and so all three brokers.
      return {
        client: client.name,
        partitions: counts.length,
        count: counts.reduce((sum, count) => sum + count, 0),
      }
    })
    expect(await Promise.all(read)).toEqual(
      clients.map(({ name }) => ({ client: name, partitions: 3, count: COUNT })),
    )
  })
})
