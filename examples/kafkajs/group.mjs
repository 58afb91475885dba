/** Two members share the work of a group: `npm run --silent example kafkajs/group`. */
import { Partitioners } from 'kafkajs'
import { kafka } from './kafka.mjs'

const COUNT = 100
const sentBy = new Map()
const { promise: isDone, resolve: done } = Promise.withResolvers()

const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ topics: [{ topic: 'letters', numPartitions: 4 }] })
await admin.disconnect()

async function startMember(name) {
  const consumer = kafka.consumer({ groupId: 'posties', sessionTimeout: 10_000 })
  await consumer.connect()
  await consumer.subscribe({ topic: 'letters', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { id } = JSON.parse(message.value)
      sentBy.set(id, [...(sentBy.get(id) ?? []), name])
      if (sentBy.size === COUNT) done()
    },
  })
  return consumer
}

const members = [await startMember('ann'), await startMember('bob')]
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
await producer.connect()
const messages = Array.from({ length: COUNT }, (_, id) => ({
  key: `street-${id % 10}`,
  value: JSON.stringify({ id }),
}))
await producer.send({ topic: 'letters', messages })
await isDone
await producer.disconnect()
for (const member of members) await member.disconnect()
console.log(`${sentBy.size} letters sent`)
