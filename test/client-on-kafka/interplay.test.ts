/**
 * Our client beside others on one broker, Millrace and Apache Kafka in turn: what one wrote the others read, and groups
 * have members of both.
 */
import { createClient, type Isolation, rangeAssignor } from '@millrace/client'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dumpTopic, foreignClients, produceRecords } from '../../packages/broker/compat/foreign-client.ts'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { RecordTally } from '../../packages/broker/compat/record-tally.ts'
import { isKafkaInstalled, startKafka } from '../kafka/apache-kafka.ts'

const COUNT = 500
const others = foreignClients().filter(({ name }) => ['kcat', 'kafkajs', 'franz-go', 'Java'].includes(name))
const mustBeHere = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

interface Place extends AsyncDisposable {
  readonly bootstrap: string
}

interface BrokerKind {
  readonly on: string
  readonly isHere: boolean
  /** What our client reads of them needs a broker that has them. */
  readonly hasTransactions: boolean
  start(): Promise<Place>
}

const SETTINGS = { 'num.partitions': '3' }
const brokers: readonly BrokerKind[] = [
  {
    on: 'Millrace',
    isHere: true,
    hasTransactions: false,
    async start() {
      const millrace = await MillraceProcess.start({ settings: SETTINGS })
      return { bootstrap: millrace.bootstrap, [Symbol.asyncDispose]: () => millrace.close() }
    },
  },
  {
    on: 'Apache Kafka',
    isHere: mustBeHere || isKafkaInstalled(),
    hasTransactions: true,
    start: () => startKafka({ heap: '512m', properties: SETTINGS }),
  },
]

async function ownTally(bootstrap: string, topic: string): Promise<ReturnType<RecordTally['result']>> {
  await using client = createClient({ bootstrapServers: bootstrap })
  const tally = new RecordTally()
  for await (const record of client.read(topic)) tally.add(record)
  return tally.result()
}

for (const kind of brokers.filter(({ isHere }) => isHere)) {
  describe(`on ${kind.on}`, () => {
    let broker: Place
    beforeAll(async () => {
      broker = await kind.start()
    })
    afterAll(() => broker[Symbol.asyncDispose]())

    describe('what our client wrote', () => {
      beforeAll(async () => {
        await using client = createClient({ bootstrapServers: broker.bootstrap })
        const records = Array.from({ length: COUNT }, (_, i) => ({
          key: `key-${i % 50}`,
          value: `value ${i}`,
        }))
        for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
          await client.producer({ compression, batchBytes: 4_096 }).sendMany('ours', records)
        }
      })

      it.each(others)('is read by $name: same count, same hash', async (reader) => {
        if (reader.availability.kind === 'absent' && !mustBeHere) return
        expect(await dumpTopic(reader, broker.bootstrap, 'ours')).toEqual(
          await ownTally(broker.bootstrap, 'ours'),
        )
      })
    })

    describe('our client', () => {
      it.each(others)('reads what $name wrote', async (writer) => {
        if (writer.availability.kind === 'absent' && !mustBeHere) return
        const topic = `from-${writer.name}`
        const target = { bootstrap: broker.bootstrap, topic, count: COUNT, prefix: 'value' }
        expect(await produceRecords(writer, target)).toBe(COUNT)
        const tally = await ownTally(broker.bootstrap, topic)
        expect(Object.values(tally).reduce((sum, { count }) => sum + count, 0)).toBe(COUNT)
        expect(tally).toEqual(await dumpTopic(writer, broker.bootstrap, topic))
      })

      it.runIf(kind.hasTransactions)('leaves out what an aborted transaction of kafkajs wrote', async () => {
        await using client = createClient({ bootstrapServers: broker.bootstrap })
        await client.admin.createTopics([{ name: 'booked', partitions: 1 }])
        const kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING })
        const transactional = { transactionalId: 'booking', idempotent: true, maxInFlightRequests: 1 }
        const producer = kafka.producer(transactional)
        await producer.connect()
        for (const outcome of ['commit', 'abort', 'commit'] as const) {
          const transaction = await producer.transaction()
          await transaction.send({ topic: 'booked', messages: [{ value: outcome }, { value: outcome }] })
          await transaction[outcome]()
        }
        const open = await producer.transaction()
        await open.send({ topic: 'booked', messages: [{ value: 'open' }] })
        const valuesOf = async (isolation: Isolation): Promise<string[]> => {
          const values: string[] = []
          for await (const { value } of client.read('booked', { isolation })) values.push(String(value))
          return values
        }
        expect(await valuesOf('read_committed')).toEqual(['commit', 'commit', 'commit', 'commit'])
        expect(await valuesOf('read_uncommitted')).toEqual([
          ...['commit', 'commit', 'abort', 'abort', 'commit', 'commit', 'open'],
        ])
        const consumed: string[] = []
        for await (const { value } of client.consume(['booked'], { group: 'bookkeepers' })) {
          consumed.push(String(value))
          if (consumed.length === 4) break
        }
        expect(new Set(consumed)).toEqual(new Set(['commit']))
        await open.abort()
        await producer.disconnect()
      })

      it('shares a group with members of kafkajs', async () => {
        await using client = createClient({ bootstrapServers: broker.bootstrap })
        await client.admin.createTopics([{ name: 'shared', partitions: 4 }])
        const seen = new Map<string, string>()
        const stop = new AbortController()
        const note = (who: string, partition: number, offset: unknown): void => {
          seen.set(`${partition}/${offset}`, who)
          if (seen.size === COUNT) stop.abort()
        }
        const options = {
          group: 'mixed',
          assignors: [rangeAssignor],
          heartbeatIntervalMs: 100,
          signal: stop.signal,
        }
        const consuming = client.topic('shared').consume(options, ({ partition, offset }) => {
          note('ours', partition, offset)
        })
        // The first to come leads.
        await expect
          .poll(async () => (await client.admin.describeGroup('mixed'))?.state, { timeout: 20_000 })
          .toBe('Stable')
        const kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING })
        const member = kafka.consumer({
          groupId: 'mixed',
          partitionAssigners: [kafkajsRange],
          heartbeatInterval: 100,
          // It joins again only when its fetch has come back.
          maxWaitTimeInMs: 100,
        })
        await member.connect()
        await member.subscribe({ topic: 'shared', fromBeginning: true })
        const joined = new Promise((resolve) => member.on(member.events.GROUP_JOIN, resolve))
        await member.run({
          eachMessage: async ({ partition, message }) => note('kafkajs', partition, message.offset),
        })
        await joined
        await expect
          .poll(async () => (await client.admin.describeGroup('mixed'))?.members.length, { timeout: 20_000 })
          .toBe(2)
        await expect
          .poll(async () => (await client.admin.describeGroup('mixed'))?.state, { timeout: 20_000 })
          .toBe('Stable')
        const records = Array.from({ length: COUNT }, (_, i) => ({ value: String(i), partition: i % 4 }))
        // As it is: kafkajs reads lz4, the default, only with a plug-in.
        await client.producer({ compression: 'none' }).sendMany('shared', records)
        await consuming
        await member.disconnect()
        expect(seen.size).toBe(COUNT)
        expect(new Set(seen.values())).toEqual(new Set(['ours', 'kafkajs']))
      })
    })
  })
}

/** kafkajs has no range assignor of its own. Our member came first, so it leads, and this one is not asked. */
const kafkajsRange: kafkajs.PartitionAssigner = () => ({
  name: 'range',
  version: 0,
  assign: async () => {
    throw new Error('our member leads')
  },
  protocol: ({ topics }) => ({
    name: 'range',
    metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
      version: 0,
      topics,
      userData: Buffer.alloc(0),
    }),
  }),
})
