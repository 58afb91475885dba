import { describe, expect, it } from 'vitest'
import yargs, { type Argv, type CommandModule } from 'yargs'
import { COMMANDS } from './command-table.ts'
import { quickParse } from './quick-parse.ts'

/** What yargs makes of a line: the command's name and its arguments, or null when it complains. */
async function byYargs(words: readonly string[]): Promise<object | null> {
  let seen: object | null = null
  const spied = (module: CommandModule): CommandModule => ({
    ...module,
    builder: (argv: Argv): Argv => {
      const command = argv.command.bind(argv) as (inner: CommandModule) => Argv
      // Commands inside of commands are spied upon too.
      Object.assign(argv, { command: (inner: CommandModule) => command(spied(inner)) })
      if (typeof module.builder === 'function') void module.builder(argv)
      return argv
    },
    handler: (args) => {
      const { _, $0, ...named } = args
      seen = { command: module.command, args: named }
    },
  })
  const parser = yargs([...words]).parserConfiguration({
    'parse-numbers': false,
    'parse-positional-numbers': false,
    'dot-notation': false,
    'camel-case-expansion': false,
    'strip-aliased': true,
  })
  for (const { load } of Object.values(COMMANDS)) parser.command(spied(await load()))
  try {
    await parser
      .strict()
      .exitProcess(false)
      .help(false)
      .version(false)
      .fail((message, error) => {
        throw error ?? new Error(message)
      })
      .parseAsync()
  } catch {
    return null
  }
  return seen
}

async function byUs(words: readonly string[]): Promise<object | null> {
  const entry = COMMANDS[words[0] ?? '']
  const found = entry === undefined ? null : quickParse(await entry.load(), words.slice(1))
  return found === null ? null : { command: found.command.command, args: found.args }
}

const READ_AT_ONCE = [
  'serve',
  'serve --data ./x --listen=localhost:0 --log-level debug',
  'serve --no-http',
  'serve --http localhost:0 --allow-origin http://a --insecure',
  'serve --set a=1 --set b=2=3 --config file',
  'topic create flights --partitions 6 --set retention.ms=-1 --bootstrap a:1',
  'topic list --internal',
  'topic list --no-internal',
  'topic describe flights -o json',
  'topic delete a b c',
  'produce flights --file f --key-field origin --timestamp-field time --partition 3',
  'tail flights',
  'tail flights orders-* -n 5 --where a>1 --key k',
  'tail --from -10 flights --no-follow',
  'tail flights --from=-10 --partition 0,1 --partition 2',
  'tail flights -f %k\\n -o json',
  'tail flights --format %v --output=raw --from beginning',
  'group list',
  'group reset billing',
  'group describe billing --output table',
  'group reset billing --to beginning --topic a --topic b --execute',
]

const LEFT_TO_YARGS = [
  'serve --help',
  'serve -h',
  'serve extra',
  'serve --data',
  'serve --data a --data b',
  'serve --log-level loud',
  'serve --dtaa x',
  'topic',
  'topic crate x',
  'topic create',
  'topic create a b',
  'tail',
  'tail a --from --no-follow',
  'tail a -o xml',
  'tail a -- b',
  'tail a -fx',
  'group reset g --to',
]

describe('a line that leaves no doubt', () => {
  for (const line of READ_AT_ONCE) {
    it(`"${line}" is read as yargs reads it`, async () => {
      const ours = await byUs(line.split(' '))
      expect(ours).not.toBeNull()
      const theirs = await byYargs(line.split(' '))
      expect(withoutUndefined(ours)).toEqual(withoutUndefined(theirs))
    })
  }
})

describe('any other line', () => {
  for (const line of LEFT_TO_YARGS) {
    it(`"${line}" is left to yargs`, async () => expect(await byUs(line.split(' '))).toBeNull())
  }
})

function withoutUndefined(value: object | null): unknown {
  return value === null ? null : JSON.parse(JSON.stringify(value))
}
