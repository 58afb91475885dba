import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import { type OutputArguments, withOutput } from './output-option.ts'

/** `topic create`, as the command line gives it. */
export interface TopicCreateArguments extends BrokerArguments, OutputArguments {
  readonly name: string
  readonly partitions: string | undefined
  readonly 'replication-factor': string | undefined
  readonly set: readonly string[]
}

/** `topic list` */
export interface TopicListArguments extends BrokerArguments, OutputArguments {
  readonly internal: boolean
}

/** `topic describe` */
export interface TopicDescribeArguments extends BrokerArguments, OutputArguments {
  readonly name: string
}

/** `topic alter` */
export interface TopicAlterArguments extends BrokerArguments, OutputArguments {
  readonly name: string
  readonly partitions: string | undefined
  readonly set: readonly string[]
  readonly unset: readonly string[]
}

/** `topic delete` */
export interface TopicDeleteArguments extends BrokerArguments, OutputArguments {
  readonly names: readonly string[]
}

/** `millrace topic create|list|describe|alter|delete` */
export const topicCommand: CommandModule = {
  command: 'topic',
  describe: 'Create, list, describe, change and delete topics',
  builder: (yargs: Argv) =>
    withOutput(withBroker(yargs))
      .command(create)
      .command(list)
      .command(describe)
      .command(alter)
      .command(remove)
      .demandCommand(1, 'name what to do: topic create, list, describe, alter or delete'),
  handler: () => {},
}

const create: CommandModule = {
  command: 'create <name>',
  describe: 'Create a topic',
  builder: (yargs: Argv) =>
    yargs
      .positional('name', { type: 'string', describe: 'Letters, digits, dots, - and _' })
      .option('partitions', {
        type: 'string',
        requiresArg: true,
        describe: "[default: the broker's num.partitions]",
      })
      .option('replication-factor', {
        type: 'string',
        requiresArg: true,
        describe: "[default: the broker's]",
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: "KEY=VALUE, Kafka's name of a topic config; may be repeated",
      })
      .example('$0 topic create flights --partitions 6 --set retention.ms=-1', 'keep its records for ever'),
  handler: async (args) => {
    const { createTopic } = await import('../topic/run-topic.ts')
    await createTopic(args as unknown as TopicCreateArguments)
  },
}

const list: CommandModule = {
  command: 'list',
  describe: 'List the topics, one a line',
  builder: (yargs: Argv) =>
    yargs
      .option('internal', {
        type: 'boolean',
        default: false,
        describe: 'Also those that the broker keeps for itself',
      })
      .example('$0 topic list', 'the names of all topics')
      .example('$0 topic list -o json', 'with ids and partition counts'),
  handler: async (args) => {
    const { listTopics } = await import('../topic/run-topic.ts')
    await listTopics(args as unknown as TopicListArguments)
  },
}

const describe: CommandModule = {
  command: 'describe <name>',
  describe: 'Show partitions, offsets and configs of a topic',
  builder: (yargs: Argv) =>
    yargs
      .positional('name', { type: 'string', describe: 'The topic' })
      .example('$0 topic describe flights', 'where each partition begins and ends'),
  handler: async (args) => {
    const { describeTopic } = await import('../topic/run-topic.ts')
    await describeTopic(args as unknown as TopicDescribeArguments)
  },
}

const alter: CommandModule = {
  command: 'alter <name>',
  describe: 'Change configs of a topic, or give it more partitions',
  builder: (yargs: Argv) =>
    yargs
      .positional('name', { type: 'string', describe: 'The topic' })
      .option('partitions', {
        type: 'string',
        requiresArg: true,
        describe: 'How many it is to have; keys may go to other partitions from then on',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'KEY=VALUE; may be repeated',
      })
      .option('unset', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'KEY, back to its default; may be repeated',
      })
      .example('$0 topic alter flights --set retention.ms=86400000', 'keep a day')
      .example('$0 topic alter flights --partitions 12', 'more room for consumers'),
  handler: async (args) => {
    const { alterTopic } = await import('../topic/run-topic.ts')
    await alterTopic(args as unknown as TopicAlterArguments)
  },
}

const remove: CommandModule = {
  command: 'delete <names..>',
  describe: 'Delete topics with their records',
  builder: (yargs: Argv) =>
    yargs
      .positional('names', { type: 'string', array: true, describe: 'The topics' })
      .example('$0 topic delete flights', 'its records are gone for good'),
  handler: async (args) => {
    const { deleteTopics } = await import('../topic/run-topic.ts')
    await deleteTopics(args as unknown as TopicDeleteArguments)
  },
}
