/** Works through the orders as a member of a group, three of them: `npm run --silent example kafkajs/consume`. */
import { kafka } from './kafka.mjs'

const consumer = kafka.consumer({ groupId: 'warehouse-kafkajs' })
await consumer.connect()
await consumer.subscribe({ topic: 'orders-kafkajs', fromBeginning: true })

const { promise: isDone, resolve: done } = Promise.withResolvers()
let count = 0
await consumer.run({
  eachMessage: async ({ message }) => {
    console.log(`packed ${JSON.parse(message.value).item}`)
    count += 1
    if (count === 3) done()
  },
})
await isDone
// The group remembers how far it is; the next member to come goes on from there.
await consumer.disconnect()
