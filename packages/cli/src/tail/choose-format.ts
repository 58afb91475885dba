import type { RecordOutput } from '../commands/output-option.ts'
import { environment, isOutputTerminal, terminalColumns } from '../terminal.ts'
import { jsonFormat } from './json-format.ts'
import { parseFormat, type RecordFormat, rawFormat } from './record-format.ts'

/** What was asked for on the command line. */
export interface FormatChoice {
  readonly format: string | undefined
  readonly output: RecordOutput
  /** Whether columns name the topic: with several topics. */
  readonly showsTopic: boolean
}

/** How records are shown: by a format string, which beats the rest, or as `--output` says. */
export async function chooseFormat({ format, output, showsTopic }: FormatChoice): Promise<RecordFormat> {
  if (format !== undefined) return parseFormat(format)
  switch (output) {
    case 'raw':
      return rawFormat
    case 'json':
    case 'ndjson':
      return jsonFormat
    case 'table': {
      const { prettyFormat } = await import('./pretty-format.ts')
      return prettyFormat({ columns: terminalColumns, hasColours: hasColours(), showsTopic })
    }
  }
}

function hasColours(): boolean {
  return isOutputTerminal() && environment('NO_COLOR') === undefined && environment('TERM') !== 'dumb'
}
