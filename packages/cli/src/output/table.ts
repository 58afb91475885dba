import { escapeControls } from './escape-controls.ts'

/** Lays rows out in columns, two blanks apart; numbers to the right. Without a head when there are no rows. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { hasHead = true }: { readonly hasHead?: boolean } = {},
): string {
  if (rows.length === 0) return ''
  const cells = [
    ...(hasHead ? [head] : []),
    ...rows.map((row) => row.map((cell) => escapeControls(String(cell)))),
  ]
  const widths = head.map((_, column) =>
    cells.reduce((most, row) => Math.max(most, columnsOf(row[column] ?? '')), 0),
  )
  const isNumeric = head.map((_, column) =>
    rows.every((row) => /^-?\d+$|^-$/.test(String(row[column] ?? ''))),
  )
  const lines = cells.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - columnsOf(cell))
        return isNumeric[column] ? `${padding}${cell}` : `${cell}${padding}`
      })
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** Characters that take two columns of a terminal, and those that take none. */
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/gu
const WITHOUT_WIDTH = /\p{Mn}|\p{Me}|[\u200b-\u200d]/gu
const ASCII = /^[\x20-\x7e]*$/

/**
 * How many columns of a terminal a cell takes. The package that knows this for every cluster of emoji takes longer to load than
 * most commands do; names of groups and clients are words.
 */
function columnsOf(cell: string): number {
  if (ASCII.test(cell)) return cell.length
  const count = (pattern: RegExp): number => cell.match(pattern)?.length ?? 0
  return [...cell].length + count(WIDE) - count(WITHOUT_WIDTH)
}
