/** Two members share the work of a group: `npm run --silent example client/group`. */
import { createClient, json, string } from '@millrace/client'

await using client = createClient({ bootstrapServers: process.env.MILLRACE_BOOTSTRAP ?? 'localhost:9092' })
await client.admin.createTopics([{ name: 'parcels', partitions: 4 }])
const parcels = client.topic('parcels', { key: string(), value: json<{ id: number }>() })

const COUNT = 100
const finished = new AbortController()
const sentBy = new Map<number, string[]>()

async function work(member: string): Promise<void> {
  for await (const { value } of parcels.consume({ group: 'couriers', signal: finished.signal })) {
    const id = value?.id ?? 0
    sentBy.set(id, [...(sentBy.get(id) ?? []), member])
    if (sentBy.size === COUNT) finished.abort()
  }
}

const members = [work('ann'), work('bob')]
await parcels.sendMany(
  Array.from({ length: COUNT }, (_, id) => ({ key: `street-${id % 10}`, value: { id } })),
)
await Promise.all(members)

const twice = [...sentBy.values()].filter((couriers) => couriers.length > 1)
console.log(`${sentBy.size} parcels sent, ${twice.length} of them twice`)
