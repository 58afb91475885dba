/** Writes three orders: `npm run --silent example kafkajs/produce`. */
import { Partitioners } from 'kafkajs'
import { kafka } from './kafka.mjs'

const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
await producer.connect()
for (const [index, item] of ['anvil', 'rope', 'magnet'].entries()) {
  const value = JSON.stringify({ id: index + 1, item })
  const [{ partition, baseOffset }] = await producer.send({
    topic: 'orders-kafkajs',
    messages: [{ key: 'coyote', value }],
  })
  console.log(`order ${index + 1} is at offset ${baseOffset} of partition ${partition}`)
}
await producer.disconnect()
