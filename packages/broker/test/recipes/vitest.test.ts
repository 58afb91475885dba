import { type Broker, startBroker } from '@millrace/broker'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

// docs/testing.md shows this file: keep it as short as a reader wants it.
let broker: Broker
let kafka: Kafka

beforeAll(async () => {
  broker = await startBroker({ port: 0 })
  kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING })
})
beforeEach(() => broker.reset())
afterAll(() => broker.close())

it('greets', async () => {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'greetings', messages: [{ value: 'hello' }] })
  await producer.disconnect()

  const admin = kafka.admin()
  await admin.connect()
  expect(await admin.fetchTopicOffsets('greetings')).toMatchObject([{ partition: 0, high: '1' }])
  await admin.disconnect()
})

it('begins with nothing, whatever was there before', async () => {
  const admin = kafka.admin()
  await admin.connect()
  expect(await admin.listTopics()).toEqual([])
  await admin.disconnect()
})
