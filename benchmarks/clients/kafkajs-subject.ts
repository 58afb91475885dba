import kafkajs from 'kafkajs'
import { type DecodedValue, keepInFlight, type OpenSubject, partOf, type Subject } from './subject.ts'

const RECORDS_PER_SEND = 5_000

export const openKafkajs: OpenSubject = async (bootstrap) => {
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const subject: Subject = {
    async produceMany(topic, values) {
      const chunks = Math.ceil(values.count / RECORDS_PER_SEND)
      await keepInFlight(chunks, 4, (part) =>
        producer.send({ topic, acks: -1, messages: partOf(values, RECORDS_PER_SEND, part) }),
      )
    },
    async produceEach(topic, values, inFlight) {
      await keepInFlight(values.count, inFlight, (i) =>
        producer.send({ topic, acks: -1, messages: [{ value: values.at(i) }] }),
      )
    },
    async consume(topic, count, take) {
      const consumer = kafka.consumer({ groupId: `group-${topic}-${process.pid}` })
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      const { promise, resolve } = Promise.withResolvers<void>()
      let got = 0
      await consumer.run({
        eachBatch: async ({ batch }) => {
          for (const { value } of batch.messages) take(value)
          got += batch.messages.length
          if (got >= count) resolve()
        },
      })
      await promise
      void consumer.disconnect()
    },
    consumeDecoded: (topic, count, take) =>
      subject.consume(topic, count, (value) => take(JSON.parse(String(value)) as DecodedValue)),
    close: async () => producer.disconnect(),
  }
  return subject
}
