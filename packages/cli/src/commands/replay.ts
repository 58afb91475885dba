import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import type { RecordOutput } from './output-option.ts'

/** The options of `replay`, as the command line gives them. */
export interface ReplayArguments extends BrokerArguments {
  readonly topic: string
  readonly from: string
  readonly until: string
  readonly to: string
  readonly speed: string
  readonly times: string
  readonly format: string | undefined
  readonly output: RecordOutput | undefined
  readonly quiet: boolean
}

/** `millrace replay` */
export const replayCommand: CommandModule = {
  command: 'replay <topic>',
  describe: 'Send history again, at the pace at which it happened',
  builder: (yargs: Argv) =>
    withBroker(yargs)
      .positional('topic', { type: 'string', describe: 'Whose history' })
      .option('from', {
        type: 'string',
        requiresArg: true,
        default: 'beginning',
        describe: 'beginning, OFFSET, -N (so many before the end of each partition), or a time',
      })
      .option('until', {
        type: 'string',
        requiresArg: true,
        default: 'end',
        describe: 'end, OFFSET, or a time',
      })
      .option('to', {
        type: 'string',
        requiresArg: true,
        default: 'stdout',
        describe: 'A topic, ws://URL, or stdout',
      })
      .option('speed', {
        type: 'string',
        requiresArg: true,
        default: '1',
        describe: '1 as it happened, 10 ten times as fast, 0.5 at half the pace, max as fast as it goes',
      })
      .option('times', {
        type: 'string',
        requiresArg: true,
        default: '1',
        describe: 'How often, one after the other',
      })
      .option('format', {
        alias: 'f',
        type: 'string',
        requiresArg: true,
        describe: 'For stdout and ws: as of tail',
      })
      .option('output', {
        alias: 'o',
        choices: ['raw', 'table', 'json', 'ndjson'] as const,
        describe: 'For stdout and ws: as of tail [default: raw]',
      })
      .option('quiet', { alias: 'q', type: 'boolean', default: false, describe: 'No progress' })
      .example('$0 replay flights --speed 60 --to flights-again', 'an hour in a minute, into another topic')
      .example(
        "$0 replay flights --from 'yesterday 14:00' --until 'yesterday 15:00'",
        'one hour, as it happened',
      ),
  handler: async (args) => {
    const { runReplay } = await import('../replay/run-replay.ts')
    await runReplay(args as unknown as ReplayArguments)
  },
}
