import { type Broker, startBroker } from '@millrace/broker'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Client, type ClientOptions, createClient, inProcessNetwork } from '../src/index.ts'

/** A member of the classic protocol that notices at once what its group does. */
export const FAST = { protocol: 'classic', heartbeatIntervalMs: 30 } as const

const QUICK = { retryBackoffMs: 1, retryBackoffMaxMs: 5 }

/** A broker in this process for all tests of a file, and a client of it for each test. */
export interface InProcessWorld {
  readonly broker: Broker
  readonly client: Client
  /** Another client, which the test has to close. */
  newClient(options?: Partial<ClientOptions>): Client
  /** A topic whose records are numbers, a second apart, dealt out to its partitions in turn. */
  newTopic(partitions: number, recordCount: number): Promise<string>
}

/** Starts and ends the world around the tests of the file that calls it. */
export function inProcessWorld(topicPrefix: string): InProcessWorld {
  let broker: Broker
  let client: Client
  let topicCount = 0
  const newClient = (options: Partial<ClientOptions> = {}): Client => {
    const { bootstrapServers } = broker
    return createClient({ bootstrapServers, network: inProcessNetwork(broker), ...QUICK, ...options })
  }
  beforeAll(async () => {
    const config = { 'group.min.session.timeout.ms': '100' }
    broker = await startBroker({ host: '127.0.0.1', port: 0, config })
  })
  afterAll(() => broker.close())
  beforeEach(() => {
    client = newClient()
  })
  afterEach(() => client.close())
  return {
    get broker() {
      return broker
    },
    get client() {
      return client
    },
    newClient,
    async newTopic(partitions, recordCount) {
      const name = `${topicPrefix}-${topicCount++}`
      await client.admin.createTopics([{ name, partitions }])
      const records = Array.from({ length: recordCount }, (_, i) => ({
        value: String(i),
        partition: i % partitions,
        timestampMs: 1_000 * i,
      }))
      await client.producer().sendMany(name, records)
      return name
    },
  }
}
