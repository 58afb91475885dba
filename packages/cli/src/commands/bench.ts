import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import { type OutputArguments, withOutput } from './output-option.ts'

/** The options of `bench`, as the command line gives them. */
export interface BenchArguments extends BrokerArguments, OutputArguments {
  readonly what: 'produce' | 'consume' | 'latency' | 'mixed'
  readonly topic: string | undefined
  readonly topics: string
  readonly partitions: string
  readonly size: string
  readonly rate: string | undefined
  readonly duration: string
  readonly records: string
  readonly acks: 'all' | '1' | '0'
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
}

/** `millrace bench produce|consume|latency|mixed` */
export const benchCommand: CommandModule = {
  command: 'bench <what>',
  describe: 'Measure a broker: produce, consume, latency or mixed',
  builder: (yargs: Argv) =>
    withOutput(withBroker(yargs), { quiet: 'No notes and no plot' })
      .positional('what', {
        type: 'string',
        describe:
          'produce: acknowledged records; consume: read ones; latency: from producer to consumer; mixed: all at once',
      })
      .option('topic', {
        type: 'string',
        requiresArg: true,
        describe: 'An existing topic [default: topics of its own, deleted afterwards]',
      })
      .option('topics', {
        type: 'string',
        requiresArg: true,
        default: '1',
        describe: 'How many topics of its own',
      })
      .option('partitions', {
        type: 'string',
        requiresArg: true,
        default: '1',
        describe: 'Partitions of each',
      })
      .option('size', {
        type: 'string',
        requiresArg: true,
        default: '100',
        describe: 'Bytes of a value; several, such as 100,1000, take turns',
      })
      .option('rate', {
        type: 'string',
        requiresArg: true,
        describe:
          '1000/s: records are sent when they are due, however slow the broker is; several, such as 1000/s,5000/s, are measured one after the other [default: as fast as it goes; latency: 1000/s]',
      })
      .option('duration', {
        type: 'string',
        requiresArg: true,
        default: '10s',
        describe: 'How long to measure',
      })
      .option('records', {
        type: 'string',
        requiresArg: true,
        default: '1000000',
        describe: 'consume: how many to write first',
      })
      .option('acks', {
        choices: ['all', '1', '0'] as const,
        default: 'all',
        describe: 'Who has to have a record',
      })
      .option('compression', {
        choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const,
        default: 'lz4',
        describe: 'Of the batches',
      })
      .example('$0 bench produce --size 1000', 'how many records a second it takes')
      .example('$0 bench latency --rate 5000/s --duration 30s', 'how long a record is on its way')
      .example('$0 bench latency --rate 1000/s,10000/s', 'and how that grows with the load'),
  handler: async (args) => {
    const { runBench } = await import('../bench/run-bench.ts')
    await runBench(args as unknown as BenchArguments)
  },
}
