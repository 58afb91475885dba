import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import { type OutputArguments, type OutputFormat, withOutput } from './output-option.ts'

/** `group list` */
export type GroupListArguments = BrokerArguments & OutputArguments

/** A command about one group. */
export interface GroupArguments extends BrokerArguments, OutputArguments {
  readonly group: string
}

/** `group describe` and `group members`, as the command line gives them. */
export interface GroupDescribeArguments extends GroupArguments {
  readonly why: boolean
  readonly data: string | undefined
}

/** `group offsets`, which other tools read. */
export interface GroupOffsetsArguments extends Omit<GroupArguments, 'output'> {
  readonly output: OutputFormat | 'csv'
}

/** `group reset` */
export interface GroupResetArguments extends GroupOffsetsArguments {
  readonly to: string | undefined
  readonly by: string | undefined
  readonly 'from-group': string | undefined
  readonly 'from-file': string | undefined
  readonly topic: readonly string[] | undefined
  readonly 'while-running': boolean
  readonly execute: boolean
}

/** `group delete` */
export interface GroupDeleteArguments extends GroupArguments {
  readonly topic: readonly string[] | undefined
  readonly execute: boolean
}

/** `millrace group list|describe|members|offsets|reset|delete` */
export const groupCommand: CommandModule = {
  command: 'group',
  describe: 'List, describe, explain, reset and delete consumer groups',
  builder: (yargs: Argv) =>
    withBroker(yargs)
      .command(list)
      .command(describe)
      .command(members)
      .command(offsets)
      .command(reset)
      .command(remove)
      .demandCommand(1, 'name what to do: group list, describe, members, offsets, reset or delete'),
  handler: () => {},
}

const list: CommandModule = {
  command: 'list',
  describe: 'List the groups with their state',
  builder: (yargs: Argv) => withOutput(yargs).example('$0 group list', 'one group a line'),
  handler: async (args) => {
    const { listGroups } = await import('../group/run-group.ts')
    await listGroups(args as unknown as GroupListArguments)
  },
}

function withGroup(yargs: Argv, about = 'The group'): Argv {
  return yargs.positional('group', { type: 'string', describe: about })
}

const describe: CommandModule = {
  command: 'describe <group>',
  describe: 'Show where a group stands, how far it is behind, and who is in it',
  builder: (yargs: Argv) =>
    withOutput(withGroup(yargs))
      .option('why', {
        type: 'boolean',
        default: false,
        describe: 'Say in plain words why nothing is consumed, or that all is well',
      })
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe:
          "With --why: ask the broker on this data directory, which knows more than Kafka's APIs tell [default: ./data, if it is that cluster's]",
      })
      .example('$0 group describe billing', 'committed offset, end and lag of each partition')
      .example('$0 group describe billing --why', 'what is the matter with it'),
  handler: async (args) => {
    const { describeGroup } = await import('../group/run-group.ts')
    await describeGroup(args as unknown as GroupDescribeArguments)
  },
}

const members: CommandModule = {
  command: 'members <group>',
  describe: 'Show who is in a group, and which partitions each has',
  builder: (yargs: Argv) =>
    withOutput(withGroup(yargs)).example('$0 group members billing', 'one member a line'),
  handler: async (args) => {
    const { showMembers } = await import('../group/run-group.ts')
    await showMembers(args as unknown as GroupDescribeArguments)
  },
}

const offsets: CommandModule = {
  command: 'offsets <group>',
  describe: 'Show what a group has committed',
  builder: (yargs: Argv) =>
    withOutput(withGroup(yargs), { more: ['csv'] })
      .example('$0 group offsets billing', 'committed offset, end and lag of each partition')
      .example('$0 group offsets billing -o csv > offsets.csv', "export them; Kafka's tool reads it too"),
  handler: async (args) => {
    const { showOffsets } = await import('../group/run-group.ts')
    await showOffsets(args as unknown as GroupOffsetsArguments)
  },
}

const reset: CommandModule = {
  command: 'reset <group>',
  describe: "Move a group's committed offsets; only shows what would change, until --execute",
  builder: (yargs: Argv) =>
    withOutput(withGroup(yargs, 'The group; it must have no members'), { more: ['csv'] })
      .option('to', {
        type: 'string',
        requiresArg: true,
        describe: 'beginning, end, OFFSET, -N (so many before the end), a duration (10m: ago), or a time',
      })
      .option('by', {
        type: 'string',
        requiresArg: true,
        describe: 'So many records on or back from what is committed: 100, -100',
      })
      .option('from-group', {
        type: 'string',
        requiresArg: true,
        describe: 'To what this group has committed',
      })
      .option('from-file', {
        type: 'string',
        requiresArg: true,
        describe: 'To what this CSV file says: topic,partition,offset',
      })
      .option('topic', {
        type: 'string',
        array: true,
        nargs: 1,
        describe:
          'Only this topic, or TOPIC:0,3 for some partitions; may be repeated [default: all that the group has committed]',
      })
      .option('while-running', {
        type: 'boolean',
        default: false,
        describe: 'Although it has members: they are sent away, and come back to the new offsets',
      })
      .option('execute', { type: 'boolean', default: false, describe: 'Do it' })
      .example('$0 group reset billing --to beginning', 'show what would change')
      .example("$0 group reset billing --to 'yesterday 14:00' --execute", 'do it')
      .example('$0 group reset shadow --from-group billing --execute', 'start where another group stands'),
  handler: async (args) => {
    const { resetGroup } = await import('../group/run-reset.ts')
    await resetGroup(args as unknown as GroupResetArguments)
  },
}

const remove: CommandModule = {
  command: 'delete <group>',
  describe: 'Delete a group with what it committed; only shows what would go, until --execute',
  builder: (yargs: Argv) =>
    withOutput(withGroup(yargs, 'The group; it must have no members'))
      .option('topic', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Only what it committed of this topic, which it must not read; may be repeated',
      })
      .option('execute', { type: 'boolean', default: false, describe: 'Do it' })
      .example('$0 group delete billing', 'show what would go')
      .example('$0 group delete billing --execute', 'delete it'),
  handler: async (args) => {
    const { deleteGroup } = await import('../group/run-group.ts')
    await deleteGroup(args as unknown as GroupDeleteArguments)
  },
}
