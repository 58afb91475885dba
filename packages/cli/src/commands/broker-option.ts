import type { Argv } from 'yargs'

/** Which broker a command talks to. */
export interface BrokerArguments {
  readonly bootstrap: string | undefined
  readonly config: string | undefined
  readonly profile: string | undefined
}

/** `--bootstrap`, `--config` and `--profile`: see connection-settings.ts for which of them beats which. */
export function withBroker<T>(yargs: Argv<T>): Argv<T> {
  yargs
    .option('bootstrap', {
      type: 'string',
      requiresArg: true,
      describe: 'HOST:PORT of a broker, several with commas [default: $MILLRACE_BOOTSTRAP or localhost:9092]',
    })
    .option('config', {
      type: 'string',
      requiresArg: true,
      describe:
        "File of client properties by Kafka's names: security.protocol, sasl.username, ssl.ca.location, ...",
    })
    .option('profile', {
      type: 'string',
      requiresArg: true,
      describe:
        'Client properties by this name in ~/.config/millrace/profiles.json [default: $MILLRACE_PROFILE]',
    })
  return yargs
}
