import type { Argv, CommandModule } from 'yargs'

/** The options of `serve`, as the command line gives them. */
export interface ServeArguments {
  readonly data: string | undefined
  readonly listen: string | undefined
  readonly nodes: number | undefined
  readonly config: string | undefined
  /** False for `--no-http`. */
  readonly http: string | false | undefined
  readonly 'allow-origin': readonly string[]
  readonly 'allow-host': readonly string[]
  readonly insecure: boolean
  readonly set: readonly string[]
  readonly 'log-level': 'debug' | 'info' | 'warn' | 'error'
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** `millrace serve` */
export const serveCommand: CommandModule = {
  command: 'serve',
  describe: 'Start a broker',
  builder: (yargs: Argv) =>
    yargs
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: 'Directory of the records [default: ./data]',
      })
      .option('listen', {
        type: 'string',
        requiresArg: true,
        describe: 'HOST:PORT to bind and to tell clients; port 0 is any free one [default: localhost:9092]',
      })
      .option('nodes', {
        type: 'number',
        requiresArg: true,
        describe: 'Stand for so many brokers, one port each, for programs that expect three [default: 1]',
      })
      .option('config', {
        type: 'string',
        requiresArg: true,
        describe: 'File of KEY=VALUE lines, as Kafka has them',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: "KEY=VALUE, Kafka's name of a broker config; beats the file; may be repeated",
      })
      .option('http', {
        type: 'string',
        requiresArg: true,
        describe:
          'HOST:PORT for HTTP, SSE and WebSocket; --no-http for none [default: localhost:9080 if it is free]',
      })
      .option('allow-origin', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'A web page from here may use HTTP too; may be repeated',
      })
      .option('allow-host', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'A name that HTTP answers to, of a proxy in front for example; may be repeated',
      })
      .option('insecure', {
        type: 'boolean',
        default: false,
        describe: 'Let HTTP listen beyond this machine, although it asks nobody for a password',
      })
      .option('log-level', {
        choices: LOG_LEVELS,
        default: 'warn',
        describe: 'What is told on standard error',
      })
      .example('$0 serve', 'on localhost:9092, with the records in ./data')
      .example(
        '$0 serve --data /var/lib/millrace --listen log.example:9092',
        'for other machines, by its name',
      )
      .example('$0 serve --set num.partitions=6', 'with a broker config of Kafka'),
  handler: async (args) => {
    const { runServe } = await import('../serve/run-serve.ts')
    // yargs has checked the types that the builder declares.
    await runServe(args as unknown as ServeArguments)
  },
}
