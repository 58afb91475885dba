import { Consumer, Producer } from '@platformatic/kafka'
import { type DecodedValue, keepInFlight, type OpenSubject, partOf } from './subject.ts'

const RECORDS_PER_SEND = 5_000

export const openPlatformatic: OpenSubject = async (bootstrap) => {
  const options = { clientId: 'bench', bootstrapBrokers: [bootstrap] }
  const producer = new Producer({ ...options, idempotent: true, retries: 10 })
  await producer.metadata({ topics: [] })
  return {
    async produceMany(topic, values) {
      const chunks = Math.ceil(values.count / RECORDS_PER_SEND)
      await keepInFlight(chunks, 1, (part) => {
        const messages = partOf(values, RECORDS_PER_SEND, part).map(({ value }) => ({ topic, value }))
        return producer.send({ messages, acks: -1 })
      })
    },
    async produceEach(topic, values, inFlight) {
      // With idempotence its concurrent sends are refused for their sequence: so this row goes without.
      const each = new Producer({ ...options, idempotent: false, retries: 10 })
      await keepInFlight(values.count, inFlight, (i) =>
        each.send({ messages: [{ topic, value: values.at(i) }], acks: -1 }),
      )
      await each.close()
    },
    async consume(topic, count, take) {
      const consumer = new Consumer({
        ...options,
        groupId: `group-${topic}-${process.pid}`,
        maxWaitTime: 100,
        maxBytes: 16 * 1024 * 1024,
      })
      const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
      let got = 0
      for await (const { value } of stream) {
        take(value ?? null)
        if (++got >= count) break
      }
      void consumer.close(true)
    },
    async consumeDecoded(topic, count, take) {
      const consumer = new Consumer<Buffer, DecodedValue, Buffer, Buffer>({
        ...options,
        groupId: `group-${topic}-${process.pid}`,
        maxWaitTime: 100,
        maxBytes: 16 * 1024 * 1024,
        deserializers: { value: (data) => JSON.parse(String(data)) as DecodedValue },
      })
      const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
      let got = 0
      for await (const { value } of stream) {
        take(value)
        if (++got >= count) break
      }
      void consumer.close(true)
    },
    close: async () => producer.close(),
  }
}
