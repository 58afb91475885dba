import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import { type OutputArguments, withOutput } from './output-option.ts'

/** What has configs: the last two have quotas. */
export const CONFIG_KINDS = ['topic', 'broker', 'group', 'user', 'client-id'] as const

/** `config describe`, as the command line gives it. */
export interface ConfigDescribeArguments extends BrokerArguments, OutputArguments {
  readonly kind: string
  readonly name: string
  readonly all: boolean
}

/** `config alter` */
export interface ConfigAlterArguments extends BrokerArguments, OutputArguments {
  readonly kind: string
  readonly name: string
  readonly set: readonly string[]
  readonly unset: readonly string[]
}

/** `millrace config describe|alter` */
export const configCommand: CommandModule = {
  command: 'config',
  describe: 'Show and change configs of topics, brokers and groups, and quotas',
  builder: (yargs: Argv) =>
    withOutput(withBroker(yargs))
      .command(describe)
      .command(alter)
      .demandCommand(1, 'name what to do: config describe or alter'),
  handler: () => {},
}

function withResource(yargs: Argv): Argv {
  yargs
    .positional('kind', { type: 'string', describe: `Of what: ${CONFIG_KINDS.join(', ')}` })
    .positional('name', { type: 'string', describe: 'Its name; a broker has a number' })
  return yargs
}

const describe: CommandModule = {
  command: 'describe <kind> <name>',
  describe: 'Show configs and where their values come from',
  builder: (yargs: Argv) =>
    withResource(yargs)
      .option('all', { type: 'boolean', default: false, describe: 'Also those that have their default' })
      .example('$0 config describe topic flights', 'what differs from the default')
      .example('$0 config describe broker 1 --all', 'everything'),
  handler: async (args) => {
    const { describeConfig } = await import('../config/run-config.ts')
    await describeConfig(args as unknown as ConfigDescribeArguments)
  },
}

const alter: CommandModule = {
  command: 'alter <kind> <name>',
  describe: 'Change configs, or put them back to their default',
  builder: (yargs: Argv) =>
    withResource(yargs)
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
        describe: 'KEY; may be repeated',
      })
      .example('$0 config alter topic flights --set retention.ms=86400000', 'keep a day')
      .example('$0 config alter user alice --set producer_byte_rate=1000000', 'at most 1 MB a second'),
  handler: async (args) => {
    const { alterConfig } = await import('../config/run-config.ts')
    await alterConfig(args as unknown as ConfigAlterArguments)
  },
}
