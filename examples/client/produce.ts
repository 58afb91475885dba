/** Writes three orders: `npm run --silent example client/produce`. */
import { createClient, json, string } from '@millrace/client'

interface Order {
  readonly id: number
  readonly item: string
}

await using client = createClient({ bootstrapServers: process.env.MILLRACE_BOOTSTRAP ?? 'localhost:9092' })
const orders = client.topic('orders', { key: string(), value: json<Order>() })

// Each promise resolves when the record is on the disk, and not before.
for (const [index, item] of ['anvil', 'rope', 'magnet'].entries()) {
  const { partition, offset } = await orders.send({ key: 'coyote', value: { id: index + 1, item } })
  console.log(`order ${index + 1} is at offset ${offset} of partition ${partition}`)
}
