import type { Argv, CommandModule } from 'yargs'
import { type OutputArguments, withOutput } from './output-option.ts'

/** The options of `import`, as the command line gives them. */
export interface ImportArguments extends OutputArguments {
  readonly directory: string
  readonly data: string
  readonly topics: string | undefined
  readonly link: boolean
  readonly copy: boolean
}

/** `millrace import` */
export const importCommand: CommandModule = {
  command: 'import <directory>',
  describe: 'Make a data directory of what a stopped Kafka broker left',
  builder: (yargs: Argv) =>
    withOutput(yargs)
      .positional('directory', {
        type: 'string',
        describe:
          "Kafka's log directory (log.dirs); its broker must have been stopped. Nothing in it is changed",
      })
      .option('data', {
        type: 'string',
        requiresArg: true,
        default: './data',
        describe: 'The data directory to make: it must not exist, or be empty',
      })
      .option('topics', {
        type: 'string',
        requiresArg: true,
        describe: 'Only these, separated by commas; committed offsets come along [default: all]',
      })
      .option('copy', { type: 'boolean', default: false, describe: 'Copy everything [default]' })
      .option('link', {
        type: 'boolean',
        default: false,
        describe: 'Link finished segments instead of copying them: at once, and without more space',
      })
      .example('$0 import /var/lib/kafka --data ./data', 'then start it: millrace serve --data ./data')
      .example('$0 import /var/lib/kafka --data /var/lib/millrace --link', 'on the same file system'),
  handler: async (args) => {
    const { runImport } = await import('../import/run-import.ts')
    await runImport(args as unknown as ImportArguments)
  },
}
