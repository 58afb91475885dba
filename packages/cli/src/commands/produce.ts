import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import { type OutputArguments, withOutput } from './output-option.ts'

/** The options of `produce`, as the command line gives them. */
export interface ProduceArguments extends BrokerArguments, OutputArguments {
  readonly topic: string
  readonly file: string | undefined
  readonly input: 'lines' | 'csv' | 'framed'
  readonly delimiter: string
  readonly 'key-field': string | undefined
  readonly key: string | undefined
  readonly header: readonly string[]
  readonly 'timestamp-field': string | undefined
  readonly partition: string | undefined
  readonly rate: string | undefined
  readonly reject: string | undefined
}

/** `millrace produce` */
export const produceCommand: CommandModule = {
  command: 'produce <topic>',
  describe: 'Send lines to a topic',
  builder: (yargs: Argv) =>
    withOutput(withBroker(yargs), { quiet: 'No progress, no notes' })
      .positional('topic', { type: 'string', describe: 'Where to: the broker may create it' })
      .option('file', {
        type: 'string',
        requiresArg: true,
        describe: 'Read lines from here instead of standard input',
      })
      .option('input', {
        choices: ['lines', 'csv', 'framed'] as const,
        default: 'lines',
        describe: 'csv: rows become JSON, named by the header; framed: 4 bytes of length, then the record',
      })
      .option('delimiter', {
        type: 'string',
        requiresArg: true,
        default: ',',
        describe: 'Between the fields of CSV; \\t is a tab',
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
      .option('key', {
        type: 'string',
        requiresArg: true,
        describe: "The key, with fields in it: '{origin}-{leg.to}'",
      })
      .option('header', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'NAME=VALUE, with {field} in the value; may be repeated',
      })
      .option('partition', { type: 'string', requiresArg: true, describe: 'Send everything there' })
      .option('rate', {
        type: 'string',
        requiresArg: true,
        describe: 'At most so many records: 1000/s, 60/m',
      })
      .option('reject', {
        type: 'string',
        requiresArg: true,
        describe:
          'Put bad lines into this file as they are, and go on; without it the first one ends the command',
      })
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
