import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { createClient, type Network } from '../src/index.ts'
import { type Fault, FaultyNetwork } from './faulty-network.ts'

const RECORDS = 30
const VALUES = Array.from({ length: RECORDS }, (_, i) => `value ${i} `.padEnd(40, 'x'))

/** Where the conversation is held, and how long a silent connection is waited for. */
interface Place {
  readonly bootstrapServers: string
  readonly timeoutMs: number
}

/** Creates, sends, reads and consumes, all over a network with faults; gives the bytes that passed. */
export async function converseOver(
  inner: Network,
  { bootstrapServers, timeoutMs }: Place,
  faultOf: (connection: number) => Fault,
): Promise<number> {
  const network = new FaultyNetwork(inner)
  network.fault = faultOf
  const times = {
    retryBackoffMs: 1,
    retryBackoffMaxMs: 4,
    requestTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
  }
  await using client = createClient({ bootstrapServers, network, ...times })
  const name = `faults-${randomUUID()}`
  await client.admin.createTopics([{ name, partitions: 2 }]).catch((error: unknown) => {
    // The answer to the first attempt was lost, and the second one finds the topic there.
    if (!String(error).includes('exists')) throw error
  })
  // Small batches, so that a conversation has many requests.
  const producer = client.producer({ batchBytes: 1024, compression: 'none' })
  await producer.sendMany(
    name,
    VALUES.map((value, i) => ({ value, partition: i % 2 })),
  )
  await producer.close()
  const read: string[] = []
  for await (const { value } of client.read(name)) read.push(String(value))
  expect(
    [0, 1].map((partition) => read.filter((value) => Number(value.split(' ')[1]) % 2 === partition)),
  ).toEqual([0, 1].map((partition) => VALUES.filter((_, i) => i % 2 === partition)))
  const consumed = new Set<string>()
  for await (const { value } of client.consume([name], {
    group: name,
    protocol: 'classic',
    heartbeatIntervalMs: 50,
  })) {
    consumed.add(String(value))
    if (consumed.size === RECORDS) break
  }
  await removeTopic(inner, bootstrapServers, name)
  return network.passedBytes
}

/** Without faults: a broker that keeps the topics of thousands of conversations takes minutes to stop. */
async function removeTopic(network: Network, bootstrapServers: string, name: string): Promise<void> {
  await using client = createClient({ bootstrapServers, network })
  await client.admin.deleteTopics([name])
}
