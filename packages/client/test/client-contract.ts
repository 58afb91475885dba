import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Client,
  type ClientError,
  type ConsumerRecord,
  createClient,
  EARLIEST,
  json,
  LATEST,
  MAX_TIMESTAMP,
} from '../src/index.ts'
import { describeGroups } from './group-contract.ts'

/** A broker that the contract is held against. */
export interface ContractBroker extends AsyncDisposable {
  readonly bootstrapServers: string
}

/** What a client does with any broker that speaks Kafka's protocol. */
export function describeClient(
  what: string,
  groupProtocols: readonly ('classic' | 'consumer')[],
  start: () => Promise<ContractBroker>,
  options: { readonly isOld?: boolean } = {},
): void {
  describe(what, () => {
    let broker: ContractBroker
    let client: Client
    let topicCount = 0

    beforeAll(async () => {
      broker = await start()
      client = createClient({ bootstrapServers: broker.bootstrapServers })
    })
    afterAll(async () => {
      await client.close()
      await broker[Symbol.asyncDispose]()
    })

    async function newTopic(partitions: number): Promise<string> {
      const name = `topic-${topicCount++}`
      await client.admin.createTopics([{ name, partitions }])
      return name
    }

    /** `count` records with their number as value, all in one partition or by key. */
    function numbered(
      count: number,
      partition?: number,
    ): { key: string; value: string; partition?: number }[] {
      return Array.from({ length: count }, (_, i) => ({
        key: `k${i % 20}`,
        value: String(i),
        ...(partition === undefined ? {} : { partition }),
      }))
    }

    async function readAll(name: string): Promise<ConsumerRecord[]> {
      const records: ConsumerRecord[] = []
      for await (const record of client.read(name)) records.push(record)
      return records
    }

    describe('produce and read', () => {
      for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
        it(`give back what was sent, with ${compression}`, async () => {
          const name = await newTopic(3)
          const producer = client.producer({ compression })
          const headers = [
            { key: 'a', value: Buffer.from('1') },
            { key: 'b', value: null },
          ]
          await producer.send(name, { key: 'k', value: 'v', headers, timestampMs: 1_000, partition: 2 })
          await producer.send(name, { key: 'k', value: null, partition: 2 })
          const sent = await producer.sendMany(name, numbered(5_000, 0))
          expect(Array.from(sent.offsets.subarray(0, 3))).toEqual([0, 1, 2])
          const records = await readAll(name)
          expect(records).toHaveLength(5_002)
          const [first, tombstone] = records.filter(({ partition }) => partition === 2)
          expect(first).toMatchObject({
            offset: 0,
            timestampMs: 1_000,
            key: Buffer.from('k'),
            value: Buffer.from('v'),
            headers,
          })
          expect(tombstone?.value).toBeNull()
          const values = records.filter(({ partition }) => partition === 0).map(({ value }) => Number(value))
          expect(values).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
          await producer.close()
        })
      }

      it('spread keys over leaders, each key in order in one partition', async () => {
        const name = await newTopic(6)
        await client.producer().sendMany(name, numbered(2_000))
        const records = await readAll(name)
        expect(records).toHaveLength(2_000)
        const places = new Map<string, { partition: number; last: number }>()
        for (const { key, value, partition } of records) {
          const place = places.get(String(key)) ?? { partition, last: -1 }
          expect(partition).toBe(place.partition)
          expect(Number(value)).toBeGreaterThan(place.last)
          places.set(String(key), { partition, last: Number(value) })
        }
        expect(new Set([...places.values()].map(({ partition }) => partition)).size).toBeGreaterThan(2)
      })

      it('sends records without a key to several partitions, batch by batch', async () => {
        const name = await newTopic(3)
        const value = 'x'.repeat(1_000)
        await client.producer({ batchBytes: 10_000 }).sendMany(
          name,
          Array.from({ length: 500 }, () => ({ value })),
        )
        const partitions = (await readAll(name)).map(({ partition }) => partition)
        expect(new Set(partitions).size).toBe(3)
      })

      it('splits what is larger than the broker takes', async () => {
        const name = `topic-${topicCount++}`
        await client.admin.createTopics([{ name, configs: { 'max.message.bytes': '20000' } }])
        const producer = client.producer({ compression: 'none', batchBytes: 200_000 })
        await producer.sendMany(
          name,
          Array.from({ length: 100 }, (_, i) => ({ value: String(i).padEnd(1_500) })),
        )
        expect((await readAll(name)).map(({ value }) => Number(value))).toEqual(
          Array.from({ length: 100 }, (_, i) => i),
        )
        await expect(producer.send(name, { value: 'x'.repeat(30_000) })).rejects.toMatchObject({
          codeName: 'MESSAGE_TOO_LARGE',
        })
      })

      it('reads one batch larger than everything it asks for', async () => {
        const name = await newTopic(1)
        const value = 'x'.repeat(900_000)
        await client.producer({ compression: 'none' }).send(name, { value })
        const records: ConsumerRecord[] = []
        for await (const record of client.read(name, { readAheadBytes: 65_536 })) records.push(record)
        expect(records.map((record) => record.value?.length)).toEqual([900_000])
      })

      it('creates a topic when it is sent to, and never when it is read', async () => {
        await client.producer().send('made-by-sending', { value: 'a' })
        expect(await readAll('made-by-sending')).toHaveLength(1)
        await expect(readAll('made-by-reading')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
        expect((await client.admin.listTopics()).map(({ name }) => name)).not.toContain('made-by-reading')
      })
    })

    describe('read', () => {
      it('starts and ends where it is told', async () => {
        const name = await newTopic(1)
        const records = Array.from({ length: 100 }, (_, i) => ({
          value: String(i),
          timestampMs: 1_000_000 + i * 10,
        }))
        await client.producer().sendMany(name, records)
        const offsets = async (options: Parameters<Client['read']>[1]): Promise<number[]> => {
          const found: number[] = []
          for await (const { offset } of client.read(name, options)) found.push(offset)
          return found
        }
        expect(await offsets({ from: 97 })).toEqual([97, 98, 99])
        expect(await offsets({ from: -2 })).toEqual([98, 99])
        expect(await offsets({ from: -1000, until: 2 })).toEqual([0, 1])
        expect(await offsets({ from: { time: 1_000_975 } })).toEqual([98, 99])
        expect(await offsets({ from: { time: new Date(2_000_000) } })).toEqual([])
        expect(await offsets({ until: { time: 1_000_015 } })).toEqual([0, 1])
        expect(await offsets({ from: 'end' })).toEqual([])
        expect(await offsets({ from: 10, until: 13, follow: true })).toEqual([10, 11, 12])
        await expect(offsets({ partitions: [1] })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
      })

      it('follows until it is aborted, without an error', async () => {
        const topic = client.topic(await newTopic(2), { value: json<number>() })
        const controller = new AbortController()
        await topic.send({ value: 1 })
        const seen: (number | null)[] = []
        for await (const { value } of topic.read({ follow: true, signal: controller.signal })) {
          seen.push(value)
          if (seen.length < 4) await topic.send({ value: seen.length + 1 })
          else controller.abort()
        }
        expect(seen).toEqual([1, 2, 3, 4])
      })

      it('names the record that its codec cannot decode', async () => {
        const name = await newTopic(1)
        await client.producer().send(name, { value: 'no json' })
        const reading = client.topic(name, { value: json() }).read().next()
        await expect(reading).rejects.toMatchObject({
          code: 'UNDECODABLE_RECORD',
          message: expect.stringContaining(`the record at offset 0 of ${name}/0`),
        })
      })
    })

    describe('topics with codecs', () => {
      it('send from an iterable, no faster than it is taken', async () => {
        const topic = client.topic(await newTopic(2), { value: json<{ n: number }>() })
        async function* source(): AsyncGenerator<{ value: { n: number } }> {
          for (let n = 0; n < 2_500; n++) yield { value: { n } }
        }
        expect(await topic.sendAll(source())).toBe(2_500)
        let sum = 0
        for await (const batch of topic.readBatches()) for (const { value } of batch) sum += value?.n ?? 0
        expect(sum).toBe((2_499 * 2_500) / 2)
      })
    })

    describeGroups(groupProtocols, {
      get client() {
        return client
      },
      get broker() {
        return broker
      },
      newTopic,
      numbered,
      readAll,
    })

    describe('admin', () => {
      it('creates, describes and deletes topics', async () => {
        const name = `topic-${topicCount++}`
        const [created] = await client.admin.createTopics([
          { name, partitions: 2, configs: { 'retention.ms': '-1' } },
        ])
        expect(created).toMatchObject({ name, partitions: 2, replicationFactor: 1 })
        expect((await client.admin.describeTopic(name)).topicId).toBe(created?.topicId)
        const configs = await client.admin.describeConfigs({ kind: 'topic', name })
        expect(configs.filter(({ source }) => source === 'topic')).toEqual([
          { name: 'retention.ms', value: '-1', source: 'topic', isReadOnly: false },
        ])
        await expect(client.admin.createTopics([{ name }])).rejects.toMatchObject({
          codeName: 'TOPIC_ALREADY_EXISTS',
        })
        await client.admin.deleteTopics([name])
        // Kafka answers a deletion before its metadata shows it.
        await expect
          .poll(() => client.admin.describeTopic(name).catch((error: ClientError) => error.code))
          .toBe('UNKNOWN_TOPIC')
      })

      it('finds offsets by time over all leaders, in the order asked', async () => {
        const name = await newTopic(3)
        await client.producer().sendMany(name, [
          { value: 'a', partition: 0, timestampMs: 10 },
          { value: 'b', partition: 0, timestampMs: 30 },
          { value: 'c', partition: 0, timestampMs: 20 },
        ])
        const newest = { topic: name, partition: 0, timestamp: MAX_TIMESTAMP }
        if (options.isOld) {
          await expect(client.admin.listOffsets([newest])).rejects.toMatchObject({
            code: 'UNSUPPORTED_VERSION',
          })
        } else {
          expect((await client.admin.listOffsets([newest]))[0]?.offset).toBe(1)
        }
        const found = await client.admin.listOffsets(
          [LATEST, EARLIEST, 15, 99]
            .map((timestamp) => ({ topic: name, partition: 0, timestamp }))
            .concat({ topic: name, partition: 1, timestamp: LATEST }),
        )
        expect(found.map(({ offset }) => offset)).toEqual([3, 0, 1, -1, 0])
      })

      it('describes the cluster and its groups', async () => {
        const { clusterId, brokers } = await client.admin.describeCluster()
        expect(clusterId).not.toBe('')
        expect(brokers).toHaveLength(broker.bootstrapServers.split(',').length)
        const name = await newTopic(1)
        await client.admin.alterOffsets('by-hand', [{ topic: name, partition: 0, offset: 7 }])
        expect(await client.admin.listGroups()).toContainEqual(
          expect.objectContaining({ group: 'by-hand', state: options.isOld ? '' : 'Empty' }),
        )
        expect(await client.admin.describeGroup('nobody')).toBeNull()
        await client.admin.deleteGroup('by-hand')
        expect(await client.admin.describeGroup('by-hand')).toBeNull()
      })
    })
  })
}
