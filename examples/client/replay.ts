/** Reads the orders from the beginning, and once more from the second one: `npm run --silent example client/replay`. */
import { createClient, json, string } from '@millrace/client'

await using client = createClient({ bootstrapServers: process.env.MILLRACE_BOOTSTRAP ?? 'localhost:9092' })
const orders = client.topic('orders', { key: string(), value: json<{ id: number; item: string }>() })

// Reading takes nothing away, so anybody may do it again, from any place. It ends where the log ended at its start.
for await (const { offset, key, value } of orders.read({ from: 'beginning' })) {
  console.log(`${offset}: ${key} ordered ${value?.item}`)
}
console.log('and again from offset 1:')
for await (const { offset, key, value } of orders.read({ from: 1 })) {
  console.log(`${offset}: ${key} ordered ${value?.item}`)
}
