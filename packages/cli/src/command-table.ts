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
    describe: 'Create, list, describe and delete topics',
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
  group: {
    describe: 'List, describe and reset consumer groups',
    load: async () => (await import('./commands/group.ts')).groupCommand,
  },
}
