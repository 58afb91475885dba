import type { Argv } from 'yargs'

/** Which broker a command talks to. */
export interface BrokerArguments {
  readonly bootstrap: string | undefined
}

/** `--bootstrap`; without it MILLRACE_BOOTSTRAP, then localhost:9092. */
export function withBroker<T>(yargs: Argv<T>): Argv<T> {
  yargs.option('bootstrap', {
    type: 'string',
    requiresArg: true,
    describe: 'HOST:PORT of a broker, several with commas [default: $MILLRACE_BOOTSTRAP or localhost:9092]',
  })
  return yargs
}
