import { type Client, type ConfigEntry, EARLIEST, LATEST, type TopicMetadata } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type {
  TopicAlterArguments,
  TopicCreateArguments,
  TopicDeleteArguments,
  TopicDescribeArguments,
  TopicListArguments,
} from '../commands/topic.ts'
import { connect } from '../connection/connect.ts'
import { ItemStream } from '../output/item-stream.ts'
import { confirm, show, table } from '../output/show.ts'
import { wholeNumber } from '../read-argument.ts'
import { parseSets } from '../serve/broker-settings.ts'

/** One partition and the offsets that it holds: `[begin, end)`. */
interface PartitionOffsets {
  readonly partition: number
  readonly leader: number
  readonly begin: number
  readonly end: number
}

export async function createTopic(args: TopicCreateArguments): Promise<void> {
  const partitions =
    args.partitions === undefined ? {} : { partitions: wholeNumber('--partitions', args.partitions, 1) }
  const factor = args['replication-factor']
  const replication =
    factor === undefined ? {} : { replicationFactor: wholeNumber('--replication-factor', factor, 1) }
  const configs = parseSets(args.set)
  await using client = await connect(args)
  await client.admin.createTopics([{ name: args.name, ...partitions, ...replication, configs }])
  const { name, topicId, partitions: made } = await client.admin.describeTopic(args.name)
  await confirm(args, {
    value: { name, id: topicId, partitions: made.length },
    asText: () => `created ${name} with ${countOf(made.length, 'partition')}\n`,
  })
}

export async function listTopics(args: TopicListArguments): Promise<void> {
  await using client = await connect(args)
  const topics = await client.admin.listTopics({ includeInternal: args.internal })
  await show(args, {
    value: topics.map(({ isInternal, name, partitions, topicId }) => ({
      name,
      id: topicId,
      partitions: partitions.length,
      isInternal,
    })),
    asText: () => topics.map(({ name }) => `${name}\n`).join(''),
  })
}

export async function describeTopic(args: TopicDescribeArguments): Promise<void> {
  await using client = await connect(args)
  const topic = await client.admin.describeTopic(args.name)
  const [partitions, configs] = await Promise.all([
    offsetsOf(client, topic),
    client.admin.describeConfigs({ kind: 'topic', name: args.name }),
  ])
  const set = configs.filter(({ source }) => source === 'topic')
  await show(args, {
    value: {
      name: topic.name,
      id: topic.topicId,
      configs: Object.fromEntries(set.map(({ name, value }) => [name, value])),
      partitions,
    },
    asText: () => {
      const offsets = offsetsTable(args, partitions)
      return args.quiet ? offsets : `${heading(topic, partitions, set)}${offsets}`
    },
  })
}

export async function alterTopic(args: TopicAlterArguments): Promise<void> {
  const partitions = args.partitions === undefined ? null : wholeNumber('--partitions', args.partitions, 1)
  const changes: Record<string, string | null> = parseSets(args.set)
  for (const name of args.unset) changes[name] = null
  if (partitions === null && Object.keys(changes).length === 0) {
    throw new CommandError('nothing to change: say --set KEY=VALUE, --unset KEY or --partitions N')
  }
  await using client = await connect(args)
  await client.admin.describeTopic(args.name)
  if (Object.keys(changes).length > 0) {
    await client.admin.alterConfigs({ kind: 'topic', name: args.name }, changes)
  }
  if (partitions !== null) await client.admin.createPartitions(args.name, partitions)
  await confirm(args, {
    value: { name: args.name, configs: changes, partitions },
    asText: () => `changed ${args.name}\n`,
  })
}

export async function deleteTopics(args: TopicDeleteArguments): Promise<void> {
  await using client = await connect(args)
  const deleted = new ItemStream<{ name: string }>(args, {
    asText: ({ name }) => (args.quiet ? '' : `deleted ${name}\n`),
  })
  for (const name of args.names) {
    await client.admin.deleteTopics([name])
    deleted.add({ name })
    await deleted.flush()
  }
  await deleted.end()
}

async function offsetsOf(client: Client, topic: TopicMetadata): Promise<PartitionOffsets[]> {
  const led = topic.partitions.filter(({ leader }) => leader >= 0)
  const look = (timestamp: number) =>
    client.admin.listOffsets(led.map(({ partition }) => ({ topic: topic.name, partition, timestamp })))
  const [begins, ends] = await Promise.all([look(EARLIEST), look(LATEST)])
  return topic.partitions.map(({ partition, leader }) => {
    const at = led.findIndex((other) => other.partition === partition)
    return { partition, leader, begin: begins[at]?.offset ?? -1, end: ends[at]?.offset ?? -1 }
  })
}

/** What holds for the topic as a whole. */
function heading(
  topic: TopicMetadata,
  partitions: readonly PartitionOffsets[],
  set: readonly ConfigEntry[],
): string {
  const records = partitions.reduce((sum, { begin, end }) => sum + end - begin, 0)
  const counts = `${countOf(topic.partitions.length, 'partition')}, ${countOf(records, 'offset')}`
  return `${topic.name}: ${counts}, id ${topic.topicId}\n${set.map(({ name, value }) => `${name}=${value}\n`).join('')}`
}

function offsetsTable(args: TopicDescribeArguments, partitions: readonly PartitionOffsets[]): string {
  const rows = partitions.map(({ partition, leader, begin, end }) =>
    leader < 0 ? [partition, 'offline', '-', '-'] : [partition, leader, begin, end],
  )
  return table(args, ['PARTITION', 'LEADER', 'BEGIN', 'END'], rows)
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
