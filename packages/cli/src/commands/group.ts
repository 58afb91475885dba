import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'

/** `group describe`, as the command line gives it. */
export interface GroupDescribeArguments extends BrokerArguments {
  readonly group: string
  readonly output: 'table' | 'json'
}

/** `group reset` */
export interface GroupResetArguments extends BrokerArguments {
  readonly group: string
  readonly to: string
  readonly topic: readonly string[] | undefined
  readonly execute: boolean
}

/** `millrace group list|describe|reset` */
export const groupCommand: CommandModule = {
  command: 'group',
  describe: 'List, describe and reset consumer groups',
  builder: (yargs: Argv) =>
    withBroker(yargs)
      .command(list)
      .command(describe)
      .command(reset)
      .demandCommand(1, 'name what to do: group list, describe or reset'),
  handler: () => {},
}

const list: CommandModule = {
  command: 'list',
  describe: 'List the groups with their state',
  builder: (yargs: Argv) => yargs.example('$0 group list', 'one group a line'),
  handler: async (args) => {
    const { listGroups } = await import('../group/run-group.ts')
    await listGroups(args as unknown as BrokerArguments)
  },
}

const describe: CommandModule = {
  command: 'describe <group>',
  describe: 'Show where a group stands, how far it is behind, and who is in it',
  builder: (yargs: Argv) =>
    yargs
      .positional('group', { type: 'string', describe: 'The group' })
      .option('output', {
        alias: 'o',
        choices: ['table', 'json'] as const,
        default: 'table',
        describe: 'How to show it',
      })
      .example('$0 group describe billing', 'committed offset, end and lag of each partition'),
  handler: async (args) => {
    const { describeGroup } = await import('../group/run-group.ts')
    await describeGroup(args as unknown as GroupDescribeArguments)
  },
}

const reset: CommandModule = {
  command: 'reset <group>',
  describe: "Move a group's committed offsets; only shows what would change, until --execute",
  builder: (yargs: Argv) =>
    yargs
      .positional('group', { type: 'string', describe: 'The group; it must have no members' })
      .option('to', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'beginning, end, OFFSET, -N (so many before the end), or a time',
      })
      .option('topic', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Only this topic; may be repeated [default: all that the group has committed]',
      })
      .option('execute', { type: 'boolean', default: false, describe: 'Do it' })
      .example('$0 group reset billing --to beginning', 'show what would change')
      .example("$0 group reset billing --to 'yesterday 14:00' --execute", 'do it'),
  handler: async (args) => {
    const { resetGroup } = await import('../group/run-group.ts')
    await resetGroup(args as unknown as GroupResetArguments)
  },
}
