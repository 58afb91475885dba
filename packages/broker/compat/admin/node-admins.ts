import { Admin } from '@platformatic/kafka'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import type { AdminClient } from './admin-list.ts'

const TOPIC = 2 as const
const SET = 0

/** kafkajs. */
export async function kafkajsAdmin(bootstrap: string): Promise<AdminClient> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 1 } })
  const admin = kafka.admin()
  await admin.connect()
  const type = ConfigResourceTypes.TOPIC
  return {
    createTopic: async (topic, numPartitions) => {
      const isNew = await admin.createTopics({ topics: [{ topic, numPartitions }] })
      // kafkajs says so, where others throw.
      if (!isNew) throw new Error(`${topic} exists`)
    },
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
    countPartitions: async (topic) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? 0
    },
    countBrokers: async () => (await admin.describeCluster()).brokers.length,
    countGroups: async () => (await admin.listGroups()).groups.length,
    deleteRecords: async (topic) => {
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '0' }] })
      const offsets = await admin.fetchTopicOffsets(topic)
      return Number(offsets.find(({ partition }) => partition === 0)?.low)
    },
    listTopics: () => admin.listTopics(),
    deleteTopic: (name) => admin.deleteTopics({ topics: [name] }),
    close: () => admin.disconnect(),
  }
}

/** @platformatic/kafka. */
export async function platformaticAdmin(bootstrap: string): Promise<AdminClient> {
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
    countPartitions: async (name) =>
      (await admin.metadata({ topics: [name] })).topics.get(name)?.partitionsCount ?? 0,
    countBrokers: async () => (await admin.metadata({ topics: [] })).brokers.size,
    countGroups: async () => (await admin.listGroups()).size,
    deleteRecords: async (name) => {
      const [deleted] = await admin.deleteRecords({
        topics: [{ name, partitions: [{ partition: 0, offset: 0n }] }],
      })
      return Number(deleted?.partitions[0]?.lowWatermark)
    },
    listTopics: () => admin.listTopics(),
    deleteTopic: (name) => admin.deleteTopics({ topics: [name] }),
    close: () => admin.close(),
  }
}
