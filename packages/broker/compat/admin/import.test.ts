import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isKafkaInstalled, runKafkaClass, startKafka } from '../../../../test/kafka/apache-kafka.ts'
import { MillraceProcess, runMillrace } from '../process/millrace-process.ts'

const RECORDS = 9_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-import-'))
const kafkaDir = join(folder, 'kafka')
const dataDir = join(folder, 'millrace')

const clientOf = (bootstrap: string): Kafka => new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })

/** What a cluster holds when it moves: several segments, a moved start, a group half way, transactions of each outcome. */
async function fill(bootstrap: string): Promise<void> {
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
  for (let sent = 0; sent < RECORDS; sent += 1000) {
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
async function read(bootstrap: string, topic: string, groupId: string, count: number): Promise<string[]> {
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
function stateOf(directory: string): string[] {
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

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')(
  'a directory that Kafka 4.3 left',
  () => {
    let before: string[] = []
    let records: string[] = []
    let output = ''
    let broker: MillraceProcess
    beforeAll(async () => {
      const kafka = await startKafka({
        dataDir: kafkaDir,
        heap: '512m',
        properties: { 'offsets.topic.num.partitions': '5', 'transaction.state.log.num.partitions': '2' },
      })
      await fill(kafka.bootstrap)
      records = await read(kafka.bootstrap, 'flights', 'reader', RECORDS)
      const running = await runMillrace(['import', kafkaDir, '--data', dataDir])
      expect(running.stderr).toContain('its Kafka runs, or did not stop in good order')
      await kafka.close()
      before = stateOf(kafkaDir)
      const { code, stderr, stdout } = await runMillrace(['import', kafkaDir, '--data', dataDir, '--link'])
      expect({ code, stderr }).toMatchObject({ code: 0 })
      output = stdout
      broker = await MillraceProcess.start({ dataDir })
    })
    afterAll(async () => {
      await broker?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('says what is taken and what is left behind, and why', () => {
      expect(output).toContain(`imported flights: 2 partitions, ${RECORDS} offsets`)
      expect(output).toMatch(/imported trains: 1 partition, 9 offsets/)
      expect(output).toContain('left behind: topic undone: partition 0 holds records of aborted transactions')
      expect(output).toMatch(/left behind: topic open: partition 0 has an open transaction of producer \d+/)
      expect(output).toContain('left behind: config min.insync.replicas=2 of topic strict')
    })

    it('serves the records at their offsets', async () => {
      expect(await read(broker.bootstrap, 'flights', 'another', RECORDS)).toEqual(records)
    })

    it('lets consumers go on where they had committed, aborted commits apart', async () => {
      const [first] = await read(broker.bootstrap, 'trains', 'riders', 1)
      expect(first).toBe('0/7 null t7')
    })

    it('keeps cluster id, topic ids, configs and the beginning of logs', async () => {
      const admin = clientOf(broker.bootstrap).admin()
      await admin.connect()
      const { clusterId } = await admin.describeCluster()
      const beginning = await admin.fetchTopicOffsets('trains')
      const configs = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: 'flights', configNames: ['retention.ms', 'segment.bytes'] }],
      })
      await admin.disconnect()
      expect(clusterId).toBe('bWlsbHJhY2UtcmVmZXJlbg')
      expect(beginning).toMatchObject([{ low: '3', high: '12' }])
      expect(configs.resources[0]?.configEntries.map(({ configValue }) => configValue).sort()).toEqual([
        '-1',
        '1048576',
      ])
      const [ours, theirs] = [dataDir, kafkaDir].map((directory) => topicIdIn(join(directory, 'trains-0')))
      expect(ours).toBe(theirs)
    })

    it('is read by DumpLogSegments, and served by a Kafka on a copy of it, with what was written since', async () => {
      const producer = clientOf(broker.bootstrap).producer()
      await producer.connect()
      await producer.send({ topic: 'flights', messages: [{ partition: 0, key: 'new', value: 'since' }] })
      await producer.disconnect()
      await broker.stop()
      const names = readdirSync(join(dataDir, 'flights-0')).filter((name) => name.endsWith('.log'))
      const files = names.map((name) => join(dataDir, 'flights-0', name)).join(',')
      const { stdout } = await runKafkaClass('org.apache.kafka.tools.DumpLogSegments', [
        '--deep-iteration',
        '--files',
        files,
      ])
      const copy = join(folder, 'again')
      cpSync(kafkaDir, copy, { recursive: true })
      for (const name of ['flights-0', 'flights-1']) {
        rmSync(join(copy, name), { recursive: true })
        cpSync(join(dataDir, name), join(copy, name), { recursive: true })
      }
      await using kafka = await startKafka({ dataDir: copy, heap: '512m' })
      const served = await read(kafka.bootstrap, 'flights', 'third', RECORDS + 1)
      const added = `0/${RECORDS / 2} new since`
      expect(served).toEqual([...records, added].sort())
      expect(stdout.match(/isvalid: true/g)?.length).toBeGreaterThan(4)
      expect(stdout).not.toContain('isvalid: false')
    })

    it('is refused when a bit of a record is another one, and then nothing is made', async () => {
      const damaged = join(folder, 'damaged')
      cpSync(kafkaDir, damaged, { recursive: true })
      const file = join(damaged, 'flights-1', `${'0'.repeat(20)}.log`)
      const bytes = readFileSync(file)
      bytes.writeUInt8(bytes.readUInt8(500_000) ^ 4, 500_000)
      writeFileSync(file, bytes)
      const { code, stderr } = await runMillrace(['import', damaged, '--data', join(folder, 'none')])
      expect(code).toBe(1)
      expect(stderr).toMatch(/flights-1\/0{20}\.log: byte \d+ of \d+: the CRC does not match/)
      expect(readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([])
    })

    it('is as it was', () => {
      expect(stateOf(kafkaDir)).toEqual(before)
    })
  },
)

function topicIdIn(directory: string): string {
  return readFileSync(join(directory, 'partition.metadata'), 'utf8').trimEnd()
}
