import type { OutputArguments } from '../commands/output-option.ts'
import { writeNote, writeOut } from '../terminal.ts'
import { escapeLines } from './escape-controls.ts'
import { formatTable } from './table.ts'

/** What a command found, as programs and as people see it. */
export interface Shown {
  /** An array is one JSON document, and a line for each of its items. */
  readonly value: object
  /** Laid out for people; asked for only when they look. */
  readonly asText: () => string
}

/** Shows what a command found, in the form that was asked for. */
export function show({ output }: Pick<OutputArguments, 'output'>, { value, asText }: Shown): Promise<void> {
  switch (output) {
    case 'json':
      return writeOut(`${JSON.stringify(value)}\n`)
    case 'ndjson':
      return writeOut(
        (Array.isArray(value) ? value : [value]).map((item) => `${JSON.stringify(item)}\n`).join(''),
      )
    case 'table':
      return writeOut(escapeLines(asText()))
  }
}

/** Shows what a command did: nothing when it is to be quiet and nobody's program reads it. */
export async function confirm(args: OutputArguments, { value, asText }: Shown): Promise<void> {
  await show(args, { value, asText: () => (args.quiet ? '' : asText()) })
}

/** A table, without its head when the command is to be quiet. */
export function table(
  { quiet }: Pick<OutputArguments, 'quiet'>,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return formatTable(head, rows, { hasHead: !quiet })
}

/** Says what is not data, unless the command is to be quiet. */
export function note({ quiet }: Pick<OutputArguments, 'quiet'>, text: string): void {
  if (!quiet) writeNote(text)
}
