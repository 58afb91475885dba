import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type Broker, startBroker } from '@millrace/broker'
import { Kafka, logLevel } from 'kafkajs'

// docs/testing.md shows this file; ../jest.test.ts runs it.
let broker: Broker
let kafka: Kafka

beforeAll(async () => {
  broker = await startBroker({ port: 0 })
  kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING })
})
beforeEach(() => broker.reset())
afterAll(() => broker.close())

test('greets', async () => {
  const producer = kafka.producer()
  await producer.connect()
  const [sent] = await producer.send({ topic: 'greetings', messages: [{ value: 'hello' }] })
  expect(sent?.baseOffset).toBe('0')
  await producer.disconnect()
})
