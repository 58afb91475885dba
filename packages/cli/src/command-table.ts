import type { CommandModule } from 'yargs'

/** One command: what the overview says of it, and where the rest is, loaded only when it is meant. */
export interface CommandEntry {
  readonly describe: string
  load(): Promise<CommandModule>
}

/** All commands by name, in the order in which the overview shows them. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: {
    describe: 'Start a broker',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  topic: {
    describe: 'Create, list, describe, change and delete topics',
    load: async () => (await import('./commands/topic.ts')).topicCommand,
  },
  produce: {
    describe: 'Send lines to a topic',
    load: async () => (await import('./commands/produce.ts')).produceCommand,
  },
  tail: {
    describe: 'Show the records of topics, and those that follow',
    load: async () => (await import('./commands/tail.ts')).tailCommand,
  },
  replay: {
    describe: 'Send history again, at the pace at which it happened',
    load: async () => (await import('./commands/replay.ts')).replayCommand,
  },
  config: {
    describe: 'Show and change configs of topics, brokers and groups, and quotas',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  group: {
    describe: 'List, describe and reset consumer groups',
    load: async () => (await import('./commands/group.ts')).groupCommand,
  },
  log: {
    describe: "Look into a broker's files, check them, repair them",
    load: async () => (await import('./commands/log.ts')).logCommand,
  },
  import: {
    describe: 'Make a data directory of what a stopped Kafka broker left',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  clients: {
    describe: 'Show who is connected to the broker on a data directory',
    load: async () => (await import('./commands/local-broker.ts')).clientsCommand,
  },
  stats: {
    describe: 'Show how the broker on a data directory does',
    load: async () => (await import('./commands/local-broker.ts')).statsCommand,
  },
  bench: {
    describe: 'Measure a broker: produce, consume, latency or mixed',
    load: async () => (await import('./commands/bench.ts')).benchCommand,
  },
  doctor: {
    describe: 'Look for what is wrong, and say what to do about it',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  completion: {
    describe: 'Print what makes bash, zsh or fish complete commands, flags and topics',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
}
