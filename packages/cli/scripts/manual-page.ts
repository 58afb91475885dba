import { type CommandNode, withChildren } from '../src/completion/command-tree.ts'

/** What the commands end with. */
const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'All went well. Also: Ctrl-C of tail, replay or serve, and a reader of the output that went away.'],
  [
    '1',
    'It did not. One line on standard error says what, and what to do. Of log verify: something is damaged. Of doctor: something is broken.',
  ],
  [
    '129, 130, 143',
    'SIGHUP, SIGINT or SIGTERM ended produce, which then sends what it has read, or a second one any command, before it had come to its end.',
  ],
]

const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['MILLRACE_BOOTSTRAP', 'HOST:PORT of a broker; --bootstrap beats it.'],
  ['MILLRACE_CONFIG', 'A file of client properties, as --config.'],
  ['MILLRACE_PROFILE', 'The name of a profile, as --profile.'],
  ['MILLRACE_PROFILES', 'The file of the profiles, instead of ~/.config/millrace/profiles.json.'],
  ['MILLRACE_SASL_PASSWORD', 'The password, which belongs neither into a file nor onto a command line.'],
  ['NO_COLOR', 'No colours on a terminal.'],
]

/** The manual page in roff, made from the declarations of the commands. */
export function manualPage(roots: readonly CommandNode[], version: string): string {
  const commands = roots.flatMap(withChildren).filter(({ children }) => children.length === 0)
  return [
    `.TH MILLRACE 1 "" "millrace ${version}" "User Commands"`,
    '.SH NAME',
    'millrace \\- an event log that speaks the Kafka protocol',
    '.SH SYNOPSIS',
    '.B millrace',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    escaped('Starts a broker, and works with it or with any other that speaks the protocol of Apache Kafka.'),
    escaped('Data goes to standard output, everything else to standard error.'),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${escaped(code)}`, escaped(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => ['.TP', `.B ${name}`, escaped(meaning)]),
    '',
  ].join('\n')
}

function section({ path, declaration }: CommandNode): string[] {
  const places = declaration.positionals.map(({ name, isRequired, isList }) => {
    const shown = `${name}${isList ? '...' : ''}`
    return isRequired ? `\\fI${shown}\\fR` : `[\\fI${shown}\\fR]`
  })
  return [
    `.SS ${[escaped(`millrace ${path}`), ...places].join(' ')}`,
    `${escaped(declaration.describe)}.`,
    ...declaration.positionals.flatMap(({ name, describe }) => ['.TP', `.I ${name}`, escaped(describe)]),
    ...[...declaration.options].flatMap(([name, { alias, describe, choices }]) => {
      const flags = [typeof alias === 'string' ? `\\-${alias}, ` : '', `\\-\\-${escaped(name)}`].join('')
      const values = choices === undefined ? '' : ` (${choices.join(', ')})`
      return ['.TP', `.B ${flags}`, escaped(`${describe ?? ''}${values}`)]
    }),
    ...(declaration.epilogue === '' ? [] : ['.PP', escaped(declaration.epilogue)]),
    ...declaration.examples.flatMap(({ command, describe }) => [
      '.PP',
      escaped(`${describe}:`),
      '.br',
      `.B ${escaped(command)}`,
    ]),
  ]
}

/** Backslashes, dashes, and a dot or quote at the beginning of a line mean something in roff. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(['.])/g, '\\&$1')
}
