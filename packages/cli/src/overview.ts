import { COMMANDS } from './command-table.ts'

/** What the overview shows to begin with. */
export const OVERVIEW_EXAMPLES: readonly { readonly command: string; readonly describe: string }[] = [
  { command: 'millrace serve', describe: 'start a broker on localhost:9092, with its data in ./data' },
  { command: 'millrace topic create flights --partitions 6', describe: 'create a topic' },
  { command: 'millrace produce flights --file flights.ndjson', describe: 'send a file, line by line' },
  { command: 'millrace tail flights', describe: 'show the last records and those that follow' },
]

const MAX_COLUMNS = 100

/**
 * What `millrace --help` prints. Written without yargs, whose loading is half of the time that somebody who asks for
 * this would wait.
 */
export function overview(terminalColumns: number): string {
  const columns = Math.min(MAX_COLUMNS, terminalColumns)
  const commands = Object.entries(COMMANDS).map(
    ([name, { describe }]) => [`millrace ${name}`, describe] as const,
  )
  const general = [
    ['-h, --help', 'Show help'],
    ['-V, --version', 'Show version number'],
  ] as const
  const examples = OVERVIEW_EXAMPLES.map(({ command, describe }) => [command, describe] as const)
  return [
    'millrace <command>\n\nAn event log for Node that speaks the Kafka protocol.\n',
    `Commands:\n${twoColumns(commands, columns)}`,
    `General:\n${twoColumns(general, columns)}`,
    `Examples:\n${twoColumns(examples, columns)}`,
    'millrace <command> --help shows the options of a command.\n',
  ].join('\n')
}

/** Names, and what they mean beside them; what does not fit goes on below itself. */
function twoColumns(rows: readonly (readonly [string, string])[], columns: number): string {
  const indent = 4 + Math.max(...rows.map(([name]) => name.length))
  return rows
    .map(([name, meaning]) => {
      const lines = folded(meaning, Math.max(20, columns - indent))
      return `${`  ${name}`.padEnd(indent)}${lines.join(`\n${' '.repeat(indent)}`)}\n`
    })
    .join('')
}

function folded(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
