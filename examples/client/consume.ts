/** Works through three orders as a member of a group: `npm run --silent example client/consume`. */
import { createClient, json, string } from '@millrace/client'

await using client = createClient({ bootstrapServers: process.env.MILLRACE_BOOTSTRAP ?? 'localhost:9092' })
const orders = client.topic('orders', { key: string(), value: json<{ id: number; item: string }>() })

let count = 0
// When the loop asks for the next record, the last one counts as done; leaving the loop commits what is done.
for await (const { value } of orders.consume({ group: 'warehouse' })) {
  console.log(`packed ${value?.item}`)
  count += 1
  if (count === 3) break
}
