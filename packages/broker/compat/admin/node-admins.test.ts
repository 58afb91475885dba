import { Admin } from '@platformatic/kafka'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess } from '../process/millrace-process.ts'

const TOPIC = 2 as const
const SET = 0

/** What every admin client is asked for. */
interface AdminClient {
  createTopic(name: string, partitions: number): Promise<unknown>
  addPartitions(name: string, count: number): Promise<unknown>
  setConfig(name: string, key: string, value: string): Promise<unknown>
  readConfig(name: string, key: string): Promise<string | null | undefined>
  deleteRecords(name: string): Promise<unknown>
  listTopics(): Promise<readonly string[]>
  deleteTopic(name: string): Promise<unknown>
  close(): Promise<unknown>
}

async function kafkajsAdmin(bootstrap: string): Promise<AdminClient> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 1 } })
  const admin = kafka.admin()
  await admin.connect()
  const type = ConfigResourceTypes.TOPIC
  return {
    createTopic: (topic, numPartitions) => admin.createTopics({ topics: [{ topic, numPartitions }] }),
    addPartitions: (topic, count) => admin.createPartitions({ topicPartitions: [{ topic, count }] }),
    setConfig: (name, key, value) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type, name, configEntries: [{ name: key, value }] }],
      }),
    readConfig: async (name, key) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: true,
        resources: [{ type, name, configNames: [key] }],
      })
      return resources[0]?.configEntries[0]?.configValue
    },
    deleteRecords: (topic) =>
      admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '0' }] }),
    listTopics: () => admin.listTopics(),
    deleteTopic: (name) => admin.deleteTopics({ topics: [name] }),
    close: () => admin.disconnect(),
  }
}

async function platformaticAdmin(bootstrap: string): Promise<AdminClient> {
  const admin = new Admin({ clientId: 'tests', bootstrapBrokers: [bootstrap], retries: 0 })
  return {
    createTopic: (name, partitions) => admin.createTopics({ topics: [name], partitions, replicas: 1 }),
    addPartitions: (name, count) => admin.createPartitions({ topics: [{ name, count, assignments: null }] }),
    setConfig: (name, key, value) =>
      admin.incrementalAlterConfigs({
        resources: [
          { resourceType: TOPIC, resourceName: name, configs: [{ name: key, configOperation: SET, value }] },
        ],
      }),
    readConfig: async (name, key) => {
      const [described] = await admin.describeConfigs({
        resources: [{ resourceType: TOPIC, resourceName: name, configurationKeys: [key] }],
      })
      return described?.configs[0]?.value
    },
    deleteRecords: (name) =>
      admin.deleteRecords({ topics: [{ name, partitions: [{ partition: 0, offset: 0n }] }] }),
    listTopics: () => admin.listTopics(),
    deleteTopic: (name) => admin.deleteTopics({ topics: [name] }),
    close: () => admin.close(),
  }
}

const clients: readonly [name: string, open: (bootstrap: string) => Promise<AdminClient>][] = [
  ['kafkajs', kafkajsAdmin],
  ['@platformatic/kafka', platformaticAdmin],
]

describe.each(clients)('the admin of %s', (clientName, open) => {
  const topic = `of-${clientName.replace(/[^a-z]/g, '')}`
  let broker: MillraceProcess
  let admin: AdminClient
  beforeAll(async () => {
    broker = await MillraceProcess.start()
    admin = await open(broker.bootstrap)
  })
  afterAll(async () => {
    await admin?.close()
    await broker?.close()
  })

  it('makes a topic and finds it', async () => {
    await admin.createTopic(topic, 2)
    expect(await admin.listTopics()).toContain(topic)
  })

  it('is refused a topic that is there', async () => {
    // kafkajs answers false, the other one throws.
    const outcome = await admin.createTopic(topic, 2).then(
      (answer) => answer,
      () => false,
    )
    expect(outcome).toBe(false)
  })

  it('adds partitions', async () => {
    await admin.addPartitions(topic, 4)
    await expect(admin.addPartitions(topic, 3)).rejects.toThrow()
  })

  it('sets and reads a config, and is refused one that cannot be', async () => {
    await admin.setConfig(topic, 'retention.ms', '12345')
    expect(await admin.readConfig(topic, 'retention.ms')).toBe('12345')
    await expect(admin.setConfig(topic, 'retention.ms', 'a week')).rejects.toThrow()
    expect(await admin.readConfig(topic, 'retention.ms')).toBe('12345')
  })

  it('deletes records', async () => {
    await admin.deleteRecords(topic)
  })

  it('deletes the topic', async () => {
    await admin.deleteTopic(topic)
    expect(await admin.listTopics()).not.toContain(topic)
  })
})
