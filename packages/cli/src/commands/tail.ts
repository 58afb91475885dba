import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'

/** The options of `tail`, as the command line gives them. */
export interface TailArguments extends BrokerArguments {
  readonly topic: string
  readonly from: string
  readonly follow: boolean
  readonly partition: readonly string[] | undefined
  readonly format: string | undefined
  readonly output: 'raw' | 'json'
}

/** `millrace tail` */
export const tailCommand: CommandModule = {
  command: 'tail <topic>',
  describe: 'Show the records of a topic, and those that follow',
  builder: (yargs: Argv) =>
    withBroker(yargs)
      .positional('topic', { type: 'string', describe: 'The topic' })
      .option('from', {
        type: 'string',
        requiresArg: true,
        default: '-10',
        describe: 'beginning, end, OFFSET, -N (so many before the end of each partition), or a time',
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
      .option('format', {
        alias: 'f',
        type: 'string',
        requiresArg: true,
        describe:
          '%t topic, %p partition, %o offset, %k key, %v value, %h headers, %T time in ms, %%; \\n \\t \\0 \\xNN',
      })
      .option('output', {
        alias: 'o',
        choices: ['raw', 'json'] as const,
        default: 'raw',
        describe: 'raw: the value and a line feed; json: one object a line',
      })
      .example('$0 tail flights', 'the last 10 of each partition, then those that follow')
      .example('$0 tail flights --from beginning --no-follow > flights.ndjson', 'everything, into a file')
      .example("$0 tail flights --from 10m -f '%T %k %v\\n'", 'from ten minutes ago, in a format'),
  handler: async (args) => {
    const { runTail } = await import('../tail/run-tail.ts')
    await runTail(args as unknown as TailArguments)
  },
}
