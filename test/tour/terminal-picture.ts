/** Lines that `tmux capture-pane -e` gives, drawn: what a terminal shows, for the documents. */

const COLUMN_PX = 8.4
const LINE_PX = 19
const MARGIN_PX = 14
/** The styles that `tail` uses, by their SGR numbers. */
const FILLS: Readonly<Record<string, string>> = { '2': '#8a919c', '36': '#4fc1d0' }
const ESCAPE = '\u001b['
const STYLE = new RegExp(`(${ESCAPE.replace('[', '\\[')}[0-9;]*m)`)
const PLAIN = '#e6e6e6'

/** An SVG of the screen. Styles that are not known are shown plain. */
export function terminalPicture(screen: string, columns: number): string {
  const lines = screen.trimEnd().split('\n')
  const width = Math.round(columns * COLUMN_PX + 2 * MARGIN_PX)
  const height = lines.length * LINE_PX + 2 * MARGIN_PX
  const drawn = lines.map((line, at) => {
    const y = MARGIN_PX + at * LINE_PX + 14
    return `<text x="${MARGIN_PX}" y="${y}" xml:space="preserve">${spans(line)}</text>\n`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="monospace" font-size="14">\n`,
    '<title>What a terminal shows</title>\n',
    `<rect width="100%" height="100%" rx="6" fill="#1c1f24"/>\n`,
    ...drawn,
    '</svg>\n',
  ].join('')
}

function spans(line: string): string {
  let fill = PLAIN
  return line
    .split(STYLE)
    .map((part) => {
      const codes = part.startsWith(ESCAPE) ? part.slice(2, -1) : undefined
      if (codes !== undefined) {
        fill =
          codes
            .split(';')
            .map((code) => FILLS[code])
            .findLast((known) => known !== undefined) ?? PLAIN
        return ''
      }
      return part === '' ? '' : `<tspan fill="${fill}">${escaped(part)}</tspan>`
    })
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
