import type { Argv, CommandModule } from 'yargs'
import { type OutputArguments, withOutput } from './output-option.ts'

/** Commands that ask the broker on a data directory of this machine. */
export interface LocalBrokerArguments extends OutputArguments {
  readonly data: string
}

function withDirectory(yargs: Argv): Argv {
  return withOutput(yargs).option('data', {
    type: 'string',
    requiresArg: true,
    default: './data',
    describe: "The broker's data directory, on this machine",
  })
}

/** `millrace clients` */
export const clientsCommand: CommandModule = {
  command: 'clients',
  describe: 'Show who is connected to the broker on a data directory',
  builder: (yargs: Argv) => withDirectory(yargs).example('$0 clients', 'of the broker on ./data'),
  handler: async (args) => {
    const { showClients } = await import('../stats/run-stats.ts')
    await showClients(args as unknown as LocalBrokerArguments)
  },
}

/** `millrace stats` */
export const statsCommand: CommandModule = {
  command: 'stats',
  describe: 'Show how the broker on a data directory does',
  builder: (yargs: Argv) =>
    withDirectory(yargs)
      .example('$0 stats', 'partitions, sizes and connections')
      .example('$0 stats -o json', 'every metric too'),
  handler: async (args) => {
    const { showStats } = await import('../stats/run-stats.ts')
    await showStats(args as unknown as LocalBrokerArguments)
  },
}
