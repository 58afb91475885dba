import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Broker, startBroker } from '@millrace/broker'
import { Kafka, logLevel } from 'kafkajs'

// docs/testing.md shows this file; node-test.test.ts runs it.
let broker: Broker
let kafka: Kafka

before(async () => {
  broker = await startBroker({ port: 0 })
  kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING })
})
beforeEach(() => broker.reset())
after(() => broker.close())

test('greets', async () => {
  const producer = kafka.producer()
  await producer.connect()
  const [sent] = await producer.send({ topic: 'greetings', messages: [{ value: 'hello' }] })
  assert.equal(sent?.baseOffset, '0')
  await producer.disconnect()
})
