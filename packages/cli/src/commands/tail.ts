import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import type { RecordOutput } from './output-option.ts'

/** The options of `tail`, as the command line gives them. */
export interface TailArguments extends BrokerArguments {
  readonly topics: readonly string[]
  readonly from: string
  readonly until: string | undefined
  readonly follow: boolean
  readonly partition: readonly string[] | undefined
  readonly count: string | undefined
  readonly key: string | undefined
  readonly grep: string | undefined
  readonly where: string | undefined
  readonly sample: string | undefined
  readonly format: string | undefined
  readonly output: RecordOutput | undefined
  readonly quiet: boolean
}

/** `millrace tail` */
export const tailCommand: CommandModule = {
  command: 'tail <topics..>',
  describe: 'Show the records of topics, and those that follow',
  builder: (yargs: Argv) =>
    withBroker(yargs)
      .positional('topics', { type: 'string', array: true, describe: 'Topics, or patterns such as orders-*' })
      .option('from', {
        type: 'string',
        requiresArg: true,
        default: '-10',
        describe: 'beginning, end, OFFSET, -N (so many before the end of each partition), or a time',
      })
      .option('until', {
        type: 'string',
        requiresArg: true,
        describe: 'end, OFFSET, or a time: ends before it',
      })
      .option('follow', {
        type: 'boolean',
        default: true,
        describe: 'Go on with what arrives; --no-follow ends at the end',
      })
      .option('partition', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Only these: N, or N,N [default: all]',
      })
      .option('count', {
        alias: 'n',
        type: 'string',
        requiresArg: true,
        describe: 'End after so many records',
      })
      .option('key', { type: 'string', requiresArg: true, describe: 'Only records with this key' })
      .option('grep', {
        type: 'string',
        requiresArg: true,
        describe: 'Only records whose value this pattern matches',
      })
      .option('where', {
        type: 'string',
        requiresArg: true,
        describe: 'Only records of which this is true, such as \'value.delay > 60 && key == "SFO"\'',
      })
      .option('sample', { type: 'string', requiresArg: true, describe: 'Only one record in so many' })
      .option('format', {
        alias: 'f',
        type: 'string',
        requiresArg: true,
        describe:
          '%t topic, %p partition, %o offset, %k key, %v value, %h headers, %T time in ms, %%; \\n \\t \\0 \\xNN',
      })
      .option('output', {
        alias: 'o',
        choices: ['raw', 'table', 'json', 'ndjson'] as const,
        describe:
          'raw: the value and a line feed; table: columns; json and ndjson: an object a line [default: raw, table on a terminal]',
      })
      .option('quiet', {
        alias: 'q',
        type: 'boolean',
        default: false,
        describe: 'Not a word while no broker answers',
      })
      .example('$0 tail flights', 'the last 10 of each partition, then those that follow')
      .example('$0 tail flights --from beginning --no-follow > flights.ndjson', 'everything, into a file')
      .example(
        "$0 tail 'orders-*' --from 10m --where 'value.total > 100'",
        'what was large in the last ten minutes',
      )
      .example("$0 tail flights --key SFO -n 5 -f '%T %v\\n'", 'five records of a key, in a format'),
  handler: async (args) => {
    const { runTail } = await import('../tail/run-tail.ts')
    await runTail(args as unknown as TailArguments)
  },
}
