import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'

/** The options of `produce`, as the command line gives them. */
export interface ProduceArguments extends BrokerArguments {
  readonly topic: string
  readonly file: string | undefined
  readonly 'key-field': string | undefined
  readonly 'timestamp-field': string | undefined
  readonly partition: string | undefined
}

/** `millrace produce` */
export const produceCommand: CommandModule = {
  command: 'produce <topic>',
  describe: 'Send lines to a topic',
  builder: (yargs: Argv) =>
    withBroker(yargs)
      .positional('topic', { type: 'string', describe: 'Where to: the broker may create it' })
      .option('file', {
        type: 'string',
        requiresArg: true,
        describe: 'Read lines from here instead of standard input',
      })
      .option('key-field', {
        type: 'string',
        requiresArg: true,
        describe: 'Lines are JSON; this field is the key',
      })
      .option('timestamp-field', {
        type: 'string',
        requiresArg: true,
        describe: 'Lines are JSON; this field is the time: milliseconds, or an ISO date',
      })
      .option('partition', { type: 'string', requiresArg: true, describe: 'Send everything there' })
      .example('echo hello | $0 produce greetings', 'one record')
      .example(
        '$0 produce flights --file flights.ndjson --key-field origin',
        'one record a line, in order by origin',
      )
      .epilogue(
        'Each record is written once and in order, and on stable storage before the command ends with 0; it goes on by itself through restarts of the broker.',
      ),
  handler: async (args) => {
    const { runProduce } = await import('../produce/run-produce.ts')
    await runProduce(args as unknown as ProduceArguments)
  },
}
