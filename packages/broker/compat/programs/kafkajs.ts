/** kafkajs: reading needs a group there, so `dump` makes one of its own. */
import { setTimeout as wait } from 'node:timers/promises'
import { type EachBatchPayload, Kafka, logLevel, Partitioners } from 'kafkajs'
import './kafkajs-codecs.ts'
import { RecordTally } from '../record-tally.ts'
import { type ClientProgram, producedRecord, runProgram } from './program.ts'

const kafka = (bootstrap: string): Kafka =>
  new Kafka({ clientId: 'compat-kafkajs', brokers: [bootstrap], logLevel: logLevel.ERROR })

const CONNECT_TRIES = 50
const CONNECT_PAUSE_MS = 100

/** kafkajs does not try a refused connection again before it has ever been connected. */
async function connected(client: { connect(): Promise<void> }): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await client.connect()
      return
    } catch (error) {
      if (tries === CONNECT_TRIES) throw error
      await wait(CONNECT_PAUSE_MS)
    }
  }
}

const program: ClientProgram = {
  async dump(bootstrap, topic) {
    const admin = kafka(bootstrap).admin()
    await connected(admin)
    const offsets = await admin.fetchTopicOffsets(topic)
    await admin.disconnect()
    const waiting = new Map(
      offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, Number(high)]),
    )
    const tally = new RecordTally()
    const isDone = (): boolean => waiting.size === 0
    await consume(bootstrap, topic, `dump-${process.pid}-${Date.now()}`, isDone, (batch) => {
      const end = waiting.get(batch.partition) ?? 0
      for (const record of records(batch)) if (record.offset < end) tally.add(record)
      if (Number(batch.lastOffset()) + 1 >= end) waiting.delete(batch.partition)
      return null
    })
    return tally.result()
  },

  async produce(bootstrap, topic, count, prefix) {
    const producer = kafka(bootstrap).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: true,
      // As the other clients have it by default: what is sent again is written once.
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { retries: 100, maxRetryTime: 1000 },
    })
    await connected(producer)
    for (let start = 0; start < count; start += 1000) {
      const size = Math.min(1000, count - start)
      const messages = Array.from({ length: size }, (_, index) => producedRecord(start + index, prefix))
      await producer.send({ topic, acks: -1, messages })
    }
    await producer.disconnect()
    return count
  },

  async group(bootstrap, topic, group, count) {
    const tally = new RecordTally()
    const isDone = (): boolean => tally.count >= count
    await consume(bootstrap, topic, group, isDone, (batch) => {
      let next: number | null = null
      for (const record of records(batch)) {
        if (isDone()) break
        tally.add(record)
        next = record.offset + 1
      }
      return next
    })
    return tally.result()
  },
}

type Batch = EachBatchPayload['batch']

function* records(batch: Batch): Generator<Parameters<RecordTally['add']>[0]> {
  for (const { offset, timestamp, key, value } of batch.messages) {
    yield { partition: batch.partition, offset: Number(offset), timestampMs: Number(timestamp), key, value }
  }
}

/** Feeds batches until `isDone`; what `take` answers is committed as the next offset of that partition. */
async function consume(
  bootstrap: string,
  topic: string,
  groupId: string,
  isDone: () => boolean,
  take: (batch: Batch) => number | null,
): Promise<void> {
  const consumer = kafka(bootstrap).consumer({ groupId, maxWaitTimeInMs: 100 })
  await connected(consumer)
  await consumer.subscribe({ topic, fromBeginning: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error)
  })
  if (!isDone()) {
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch, heartbeat }) => {
        if (isDone()) return
        const next = take(batch)
        const { partition } = batch
        if (next !== null) await consumer.commitOffsets([{ topic, partition, offset: String(next) }])
        await heartbeat()
        if (isDone()) resolve()
      },
    })
    await promise
  }
  await consumer.disconnect()
}

await runProgram(program, process.argv.slice(2))
