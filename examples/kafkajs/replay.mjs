/** Reads the orders from the second one on: `npm run --silent example kafkajs/replay`. */
import { kafka } from './kafka.mjs'

// kafkajs reads in groups only; a name that nobody used before has no offsets, and `seek` says where to start.
const consumer = kafka.consumer({ groupId: `replay-${process.pid}` })
await consumer.connect()
await consumer.subscribe({ topic: 'orders-kafkajs', fromBeginning: true })

const { promise: isDone, resolve: done } = Promise.withResolvers()
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, isStale }) => {
    if (isStale()) return
    for (const { offset, key, value } of batch.messages) {
      if (Number(offset) < 1) continue
      console.log(`${offset}: ${key} ordered ${JSON.parse(value).item}`)
    }
    if (batch.lastOffset() === String(Number(batch.highWatermark) - 1)) done()
  },
})
consumer.seek({ topic: 'orders-kafkajs', partition: 0, offset: '1' })
await isDone
await consumer.disconnect()
