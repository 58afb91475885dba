/** Lays rows out in columns, two blanks apart; numbers to the right. Without a head when there are no rows. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { hasHead = true }: { readonly hasHead?: boolean } = {},
): string {
  if (rows.length === 0) return ''
  const cells = [...(hasHead ? [head] : []), ...rows.map((row) => row.map(String))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const isNumeric = head.map((_, column) =>
    rows.every((row) => /^-?\d+$|^-$/.test(String(row[column] ?? ''))),
  )
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}
