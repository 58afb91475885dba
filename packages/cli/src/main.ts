import { readFileSync } from 'node:fs'
import { CommandError, describeError } from './command-error.ts'
import { COMMANDS } from './command-table.ts'
import { quickParse } from './quick-parse.ts'
import {
  endOnClosedPipe,
  endSoon,
  printLine,
  setExitCode,
  terminalColumns,
  writeNote,
  writeOut,
} from './terminal.ts'

/** Runs one command line. Never rejects: a failure is one line on standard error, and exit code 1. */
export async function main(args: readonly string[]): Promise<void> {
  endOnClosedPipe()
  try {
    const only = args.length === 1 ? args[0] : undefined
    if (only === '--version' || only === '-V') await printLine(version())
    else if (only === '--help' || only === '-h') await showOverview()
    else await run(args)
  } catch (error) {
    writeNote(`millrace: ${describeError(error)}\n`)
    setExitCode(1)
    endSoon()
  }
}

async function showOverview(): Promise<void> {
  const { overview } = await import('./overview.ts')
  await writeOut(overview(terminalColumns()))
}

async function run(args: readonly string[]): Promise<void> {
  const [name, ...words] = args
  const entry = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  const quick = entry === undefined ? null : quickParse(await entry.load(), words)
  if (quick === null) await runByYargs(args)
  else await quick.command.handler({ ...quick.args, _: [], $0: 'millrace' })
}

/** Help, errors of the command line, and whatever else takes yargs to understand. */
async function runByYargs(args: readonly string[]): Promise<void> {
  const { default: yargs } = await import('yargs')
  const meant = args.find((arg) => !arg.startsWith('-')) ?? ''
  const parser = yargs([...args])
    .scriptName('millrace')
    // What we say ourselves is English.
    .locale('en')
    .usage('$0 <command>\n\nAn event log for Node that speaks the Kafka protocol.')
    .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'dot-notation': false })
    .version(version())
    .alias({ help: 'h', version: 'V' })
    .group(['help', 'version'], 'General:')
    .wrap(Math.min(100, terminalColumns()))
    .epilogue('millrace <command> --help shows the options of a command.')
  for (const [name, entry] of Object.entries(COMMANDS)) {
    if (name === meant) parser.command(await entry.load())
    // The others are only names in the overview.
    else parser.command({ command: name, describe: entry.describe, handler: () => {} })
  }
  parser
    .demandCommand(1, 'name a command: millrace --help lists them')
    .strict()
    .recommendCommands()
    .exitProcess(false)
    .fail((message, error) => {
      // A failure of the command itself comes as an error; one of the command line as a message, or as yargs' own error.
      throw error === undefined || error.name === 'YError' ? new UsageError(message) : error
    })
  try {
    await parser.parseAsync()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { usageError } = await import('./usage-error.ts')
    throw new CommandError(await usageError(error.message, meant, args))
  }
}

/** What yargs says of a command line that it does not take. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** From package.json, which lies one folder above both src/ and dist/. */
function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const manifest: { version: string } = JSON.parse(text)
  return manifest.version
}
