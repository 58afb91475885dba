import type { Argv, CommandModule } from 'yargs'
import { type OutputArguments, withOutput } from './output-option.ts'

/** `log dump`, as the command line gives it. */
export interface LogDumpArguments extends OutputArguments {
  readonly file: string
  readonly records: boolean
}

/** `log verify` */
export interface LogVerifyArguments extends OutputArguments {
  readonly data: string
  readonly partition: readonly string[] | undefined
}

/** `log repair` */
export interface LogRepairArguments extends LogVerifyArguments {
  readonly execute: boolean
}

/** `millrace log dump|verify|repair` */
export const logCommand: CommandModule = {
  command: 'log',
  describe: "Look into a broker's files, check them, repair them",
  builder: (yargs: Argv) =>
    withOutput(yargs, { quiet: 'No notes, and nothing of partitions that are good' })
      .command(dump)
      .command(verify)
      .command(repair)
      .demandCommand(1, 'name what to do: log dump, verify or repair'),
  handler: () => {},
}

function withDirectory(yargs: Argv): Argv {
  yargs
    .option('data', {
      type: 'string',
      requiresArg: true,
      default: './data',
      describe: 'The data directory; its broker must not run',
    })
    .option('partition', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Only this one, as its directory is called: flights-0; may be repeated [default: all]',
    })
  return yargs
}

const dump: CommandModule = {
  command: 'dump <file>',
  describe: 'Show what a file of a data directory holds',
  builder: (yargs: Argv) =>
    yargs
      .positional('file', {
        type: 'string',
        describe: 'A segment, an index, a seal, a snapshot, a checkpoint, or the sync marks',
      })
      .option('records', { type: 'boolean', default: false, describe: 'Also the records of each batch' })
      .example(
        '$0 log dump data/flights-0/00000000000000000000.log --records',
        'every batch and its records',
      ),
  handler: async (args) => {
    const { dumpLog } = await import('../log/run-log.ts')
    await dumpLog(args as unknown as LogDumpArguments)
  },
}

const verify: CommandModule = {
  command: 'verify',
  describe: 'Check every byte of a data directory; changes nothing',
  builder: (yargs: Argv) =>
    withDirectory(yargs).example('$0 log verify --data ./data', 'ends with 1 when something is damaged'),
  handler: async (args) => {
    const { verifyLog } = await import('../log/run-log.ts')
    await verifyLog(args as unknown as LogVerifyArguments)
  },
}

const repair: CommandModule = {
  command: 'repair',
  describe: 'Make damaged partitions open again; only shows what it would do, until --execute',
  builder: (yargs: Argv) =>
    withDirectory(yargs)
      .option('execute', { type: 'boolean', default: false, describe: 'Do it' })
      .example(
        '$0 log repair --data ./data --partition flights-0',
        'show what would be done, and what would be lost',
      )
      .example(
        '$0 log repair --data ./data --partition flights-0 --execute',
        'do it; what was damaged is kept aside',
      ),
  handler: async (args) => {
    const { repairLog } = await import('../log/run-log.ts')
    await repairLog(args as unknown as LogRepairArguments)
  },
}
