import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'

/** A client of whatever broker is there. */
export const clientOf = (bootstrap: string): Kafka =>
  new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })

/** What a cluster holds when it moves: several segments, a moved start, a group half way, transactions of each outcome. */
export async function fillCluster(bootstrap: string, records: number): Promise<void> {
  const client = clientOf(bootstrap)
  const admin = client.admin()
  const producer = client.producer({ idempotent: true })
  await Promise.all([admin.connect(), producer.connect()])
  const segments = [
    { name: 'segment.bytes', value: '1048576' },
    { name: 'min.insync.replicas', value: '2' },
    { name: 'retention.ms', value: '-1' },
  ]
  await admin.createTopics({
    topics: [
      { topic: 'flights', numPartitions: 2, configEntries: segments.toSpliced(1, 1) },
      { topic: 'trains', numPartitions: 1 },
      { topic: 'strict', numPartitions: 1, configEntries: segments },
      { topic: 'undone', numPartitions: 1 },
      { topic: 'open', numPartitions: 1 },
    ],
  })
  for (let sent = 0; sent < records; sent += 1000) {
    const messages = Array.from({ length: 1000 }, (_, i) => ({
      partition: i % 2,
      key: `${i}`,
      value: `${sent + i} ${'x'.repeat(600)}`,
    }))
    await producer.send({ topic: 'flights', messages })
  }
  await producer.send({
    topic: 'trains',
    messages: Array.from({ length: 10 }, (_, i) => ({ value: `t${i}` })),
  })
  const start = { topic: 'trains', partitions: [{ partition: 0, offset: '3' }] }
  // kafkajs knows no broker before it was asked about a topic.
  await admin.fetchTopicOffsets('trains')
  await admin.deleteTopicRecords(start)
  await admin.setOffsets({ groupId: 'riders', topic: 'trains', partitions: [{ partition: 0, offset: '5' }] })
  await transact(client, 'a', { topic: 'undone', group: 'riders', commits: false })
  await transact(client, 'c', { topic: 'trains', group: 'riders', commits: true, offset: '7' })
  await transact(client, 'd', { topic: 'undone', group: 'riders', commits: false, offset: '9' })
  const lasting = client.producer({ transactionalId: 'b', maxInFlightRequests: 1, idempotent: true })
  await lasting.connect()
  const open = await lasting.transaction()
  await open.send({ topic: 'open', messages: [{ value: 'perhaps' }] })
  await Promise.all([admin.disconnect(), producer.disconnect(), lasting.disconnect()])
}

async function transact(
  client: Kafka,
  transactionalId: string,
  what: { topic: string; group: string; commits: boolean; offset?: string },
): Promise<void> {
  const producer = client.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic: what.topic, messages: [{ value: `by ${transactionalId}` }] })
  if (what.offset !== undefined) {
    const partitions = [{ partition: 0, offset: what.offset }]
    await transaction.sendOffsets({ consumerGroupId: what.group, topics: [{ topic: 'trains', partitions }] })
  }
  if (what.commits) await transaction.commit()
  else await transaction.abort()
  await producer.disconnect()
}

/** Reads `count` records with their places. */
export async function readPlaces(
  bootstrap: string,
  topic: string,
  groupId: string,
  count: number,
): Promise<string[]> {
  const consumer = clientOf(bootstrap).consumer({ groupId })
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      seen.push(`${partition}/${message.offset} ${message.key} ${message.value}`)
      if (seen.length >= count) resolve()
    },
  })
  await promise
  await consumer.disconnect()
  return seen.sort()
}

/** Every file with its size, its time and what is in it. */
export function stateOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ name, stats: statSync(join(directory, name)) }))
    .filter(({ stats }) => stats.isFile())
    .map(({ name, stats }) => {
      const hash = createHash('sha1')
        .update(readFileSync(join(directory, name)))
        .digest('hex')
      return `${name} ${stats.size} ${stats.mtimeMs} ${hash}`
    })
    .sort()
}
