import type { Argv } from 'yargs'

/** How a command shows what it found: columns for people, one JSON document, or a JSON object a line. */
export type OutputFormat = 'table' | 'json' | 'ndjson'

/** How records are shown: the first is the values as they are; both kinds of JSON are an object a line, since a stream has no end. */
export type RecordOutput = 'raw' | OutputFormat

/** What every command that shows something takes. */
export interface OutputArguments {
  readonly output: OutputFormat
  readonly quiet: boolean
}

/** What a command has besides, or says in words of its own. */
export interface OutputTexts {
  readonly more?: readonly string[]
  readonly quiet?: string
}

/** `--output` and `--quiet`, alike everywhere. */
export function withOutput(yargs: Argv, { more = [], quiet }: OutputTexts = {}): Argv {
  return yargs
    .option('output', {
      alias: 'o',
      choices: ['table', 'json', 'ndjson', ...more],
      default: 'table',
      describe: 'table: for people; json: one document; ndjson: an object a line',
    })
    .option('quiet', {
      alias: 'q',
      type: 'boolean',
      default: false,
      describe: quiet ?? 'Only what was asked for: no heads of tables, no notes',
    })
}
