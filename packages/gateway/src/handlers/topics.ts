import type { Client, TopicMetadata } from '@millrace/client'
import { readJsonBody } from '../http/body.ts'
import { JsonFields } from '../http/json-fields.ts'
import { Query } from '../http/query.ts'
import type { Handler } from './handler.ts'

const TOPIC_FIELDS = ['name', 'partitions', 'replicationFactor', 'configs']
const MAX_PARTITIONS = 2 ** 31 - 1
const MAX_REPLICATION_FACTOR = 2 ** 15 - 1

/** GET /v1/topics */
export const handleListTopics: Handler = async (services, exchange) => {
  const query = new Query(exchange.url.searchParams, ['internal'])
  const client = await services.client()
  const topics = await client.admin.listTopics({ includeInternal: query.flag('internal') })
  exchange.json(200, {
    topics: topics.map(({ name, topicId, isInternal, partitions }) => ({
      name,
      topicId,
      partitions: partitions.length,
      internal: isInternal,
    })),
  })
}

/** POST /v1/topics */
export const handleCreateTopic: Handler = async (services, exchange) => {
  const body = await readJsonBody(exchange.request, services.settings)
  const fields = new JsonFields('the topic', body, TOPIC_FIELDS)
  const name = fields.requiredText('name')
  const partitions = fields.integer('partitions', 1, MAX_PARTITIONS)
  const replicationFactor = fields.integer('replicationFactor', 1, MAX_REPLICATION_FACTOR)
  const configs = fields.textMap('configs')
  const client = await services.client()
  const [created] = await client.admin.createTopics([
    {
      name,
      ...(partitions === undefined ? {} : { partitions }),
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
      ...(configs === undefined ? {} : { configs }),
    },
  ])
  exchange.json(
    201,
    { name, topicId: created?.topicId, partitions: created?.partitions, internal: false },
    { location: `/v1/topics/${encodeURIComponent(name)}` },
  )
}

/** GET /v1/topics/{topic} */
export const handleDescribeTopic: Handler = async (services, exchange) => {
  const client = await services.client()
  const topic = await client.admin.describeTopic(exchange.param('topic'))
  const offsets = await offsetsOf(client, topic)
  const configs = await client.admin.describeConfigs({ kind: 'topic', name: topic.name })
  const changed = configs.filter(({ source }) => source === 'topic')
  exchange.json(200, {
    name: topic.name,
    topicId: topic.topicId,
    internal: topic.isInternal,
    partitions: topic.partitions.map(({ partition, leader, leaderEpoch }) => ({
      partition,
      leader,
      leaderEpoch,
      ...offsets.get(partition),
    })),
    configs: Object.fromEntries(changed.map(({ name, value }) => [name, value])),
  })
}

/** DELETE /v1/topics/{topic} */
export const handleDeleteTopic: Handler = async (services, exchange) => {
  const client = await services.client()
  await client.admin.deleteTopics([exchange.param('topic')])
  exchange.empty(204)
}

const LATEST = -1
const EARLIEST = -2

async function offsetsOf(
  client: Client,
  { name, partitions }: TopicMetadata,
): Promise<Map<number, { readonly firstOffset: number; readonly nextOffset: number }>> {
  const look = (timestamp: number): ReturnType<Client['admin']['listOffsets']> =>
    client.admin.listOffsets(partitions.map(({ partition }) => ({ topic: name, partition, timestamp })))
  const [first, next] = await Promise.all([look(EARLIEST), look(LATEST)])
  return new Map(
    first.map(({ partition, offset }, index) => [
      partition,
      { firstOffset: offset, nextOffset: next[index]?.offset ?? offset },
    ]),
  )
}
