import stringWidth from 'string-width'
import { formatTime } from '../output/units.ts'
import { printable } from './printable.ts'
import type { RecordFormat } from './record-format.ts'

/** Lines of one record on a terminal, before it is cut short. */
const MAX_LINES = 6
/** Beside less than this there is no room for a value: it goes below. */
const MIN_VALUE_COLUMNS = 20
const NARROW_MARGIN = 2

const STYLES = { dim: '\x1b[2m', key: '\x1b[36m', none: '' } as const
const RESET = '\x1b[0m'

/** How records are shown to a person. */
export interface PrettyOptions {
  /** Columns of the terminal now: it may be resized. */
  readonly columns: () => number
  readonly hasColours: boolean
  /** Whether the topic is named in each line: with several topics. */
  readonly showsTopic: boolean
}

/**
 * One record a line: local time, place, key and value. A long value goes on below its beginning, and is
 * cut short after a few lines. Whatever could move the cursor or change the terminal is shown as `\xNN`.
 */
export function prettyFormat({ columns, hasColours, showsTopic }: PrettyOptions): RecordFormat {
  const styled = (style: keyof typeof STYLES, text: string): string =>
    hasColours && text !== '' ? `${STYLES[style]}${text}${RESET}` : text
  return (record, out) => {
    const { topic, partition, offset, timestampMs, key, value } = record
    const place = `${showsTopic ? `${topic}/` : ''}${partition}:${offset}`
    const head = `${formatTime(timestampMs)}  ${place}  `
    const keyText = key === null ? '' : `${printable(key)}  `
    const indent = stringWidth(head) + stringWidth(keyText)
    const text = value === null ? '(null)' : printable(value)
    const besides = columns() - indent
    const isBelow = besides < MIN_VALUE_COLUMNS && !fitsInto(besides, text)
    const margin = ' '.repeat(isBelow ? NARROW_MARGIN : indent)
    const lines = fold(text, Math.max(1, columns() - margin.length))
    out.text(
      `${styled('dim', head)}${styled('key', keyText)}${isBelow ? `\n${margin}` : ''}${lines[0] ?? ''}\n`,
    )
    for (const line of lines.slice(1, MAX_LINES)) out.text(`${margin}${line}\n`)
    if (lines.length > MAX_LINES) out.text(styled('dim', `${margin}... ${value?.length} bytes\n`))
  }
}

/** The usual case, which is decided before anything is cut. A text has no more columns than twice its characters. */
function fitsInto(columns: number, text: string): boolean {
  return text.length <= columns && stringWidth(text) <= columns
}

/** Cuts text into lines of at most this many columns, never inside of a character, wide ones counted as two. */
export function fold(text: string, columns: number): string[] {
  if (fitsInto(columns, text)) return [text]
  const lines: string[] = []
  let line = ''
  let width = 0
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)
  for (const { segment } of segments) {
    const segmentWidth = stringWidth(segment)
    if (width + segmentWidth > columns && line !== '') {
      lines.push(line)
      // The rest would only be counted: what is shown ends here.
      if (lines.length > MAX_LINES) return lines
      line = ''
      width = 0
    }
    line += segment
    width += segmentWidth
  }
  return [...lines, line]
}
