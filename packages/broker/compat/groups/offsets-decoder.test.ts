/** What groups keep in `__consumer_offsets`, as Kafka's own decoder reads it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isKafkaInstalled, runKafkaClass } from '../../../../test/kafka/apache-kafka.ts'
import { startBroker } from '../../src/start-broker.ts'

describe.skipIf(!isKafkaInstalled())("Kafka's decoder of __consumer_offsets", () => {
  let dataDir = ''

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'millrace-offsets-'))
    const broker = await startBroker({ host: '127.0.0.1', port: 0, dataDir })
    try {
      await consumeOnce(broker.bootstrapServers)
    } finally {
      await broker.close()
    }
  })
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

  it('reads commits and the members of both kinds of groups', { timeout: 60_000 }, async () => {
    const files = readdirSync(dataDir)
      .filter((name) => name.startsWith('__consumer_offsets-'))
      .map((name) => join(dataDir, name, `${'0'.repeat(20)}.log`))
    const { stdout } = await runKafkaClass('org.apache.kafka.tools.DumpLogSegments', [
      ...['--offsets-decoder', '--deep-iteration', '--files', files.join(',')],
    ])
    expect(stdout).not.toMatch(/isvalid: false|UNKNOWN|could not|Exception/i)
    const records = stdout.split('\n').filter((line) => line.includes('key: {'))
    const of = (group: string): string => records.filter((line) => line.includes(`"${group}"`)).join('\n')
    for (const group of ['classic', 'modern']) {
      const commit = /"topic":"orders","partition":0.*payload: \{"version":"\d+","data":\{"offset":1,/
      expect(of(group)).toMatch(commit)
    }
    // The members of a classic group stand in one record; those of the others have one each.
    expect(of('classic')).toMatch(/"protocolType":"consumer".*"members":\[\{"memberId":"app-/)
    expect(of('modern')).toMatch(/"memberId":"[^"]+".*"subscribedTopicNames":\["orders"\]/)
  })
})

/** A member of each kind reads one record, commits, and leaves. */
async function consumeOnce(bootstrap: string): Promise<void> {
  const kafka = new Kafka({ clientId: 'app', brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ value: 'first' }] })
  await producer.disconnect()

  const classic = kafka.consumer({ groupId: 'classic' })
  await classic.connect()
  await classic.subscribe({ topic: 'orders', fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    classic.run({ eachMessage: async () => resolve() }).catch(reject)
  })
  await classic.disconnect()

  const modern = new Consumer({
    groupId: 'modern',
    clientId: 'app',
    bootstrapBrokers: [bootstrap],
    groupProtocol: 'consumer',
    autocommit: false,
  })
  const stream = await modern.consume({ topics: ['orders'], mode: 'earliest' })
  for await (const message of stream) {
    await message.commit()
    break
  }
  await modern.close(true)
}
