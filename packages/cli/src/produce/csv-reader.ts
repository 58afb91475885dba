import { CommandError } from '../command-error.ts'

const QUOTE = '"'

/** One row of a CSV file, with the line on which it begins. */
export interface CsvRow {
  readonly line: number
  readonly fields: readonly string[]
}

/** A quoted field without an end would swallow the rest of the file. */
const MAX_ROW_CHARACTERS = 16 * 1024 * 1024

/**
 * Reads CSV (RFC 4180) as it arrives: fields in quotes may hold delimiters, line breaks and doubled
 * quotes. Rows end with CR LF or LF; an empty line is no row.
 */
export class CsvReader {
  readonly #delimiter: string
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #text = ''
  #line = 1

  constructor(delimiter = ',') {
    this.#delimiter = delimiter
  }

  /** The rows that are whole with this chunk. */
  push(chunk: Buffer): CsvRow[] {
    this.#text += this.#decode(chunk, true)
    return this.#rows(false)
  }

  /** The row that has no line break behind it. */
  end(): CsvRow[] {
    this.#text += this.#decode(Buffer.alloc(0), false)
    return this.#rows(true)
  }

  #decode(chunk: Buffer, isMoreComing: boolean): string {
    try {
      return this.#decoder.decode(chunk, { stream: isMoreComing })
    } catch (cause) {
      throw new CommandError(`the CSV is not UTF-8 around line ${this.#line}`, { cause })
    }
  }

  #rows(isEnd: boolean): CsvRow[] {
    const rows: CsvRow[] = []
    let start = 0
    for (;;) {
      const end = this.#rowEnd(start, isEnd)
      if (end === null) break
      const text = this.#text.slice(start, end.at).replace(/\r$/, '')
      if (text !== '') rows.push({ line: this.#line, fields: this.#fields(text) })
      this.#line += end.lineBreaks
      start = end.at + 1
      if (end.at >= this.#text.length) break
    }
    this.#text = this.#text.slice(start)
    if (this.#text.length > MAX_ROW_CHARACTERS) {
      throw new CommandError(
        `line ${this.#line}: a row of more than ${MAX_ROW_CHARACTERS} characters, is a quote missing?`,
      )
    }
    return rows
  }

  /** Where the row ends, and how many line breaks it has with the one behind it; null when it is not whole. */
  #rowEnd(start: number, isEnd: boolean): { at: number; lineBreaks: number } | null {
    let isQuoted = false
    let lineBreaks = 0
    for (let at = start; at < this.#text.length; at++) {
      const char = this.#text[at]
      if (char === QUOTE) isQuoted = !isQuoted
      else if (char === '\n') {
        lineBreaks++
        if (!isQuoted) return { at, lineBreaks }
      }
    }
    if (isEnd && isQuoted) throw new CommandError(`line ${this.#line}: the quote that begins here has no end`)
    return isEnd && start < this.#text.length ? { at: this.#text.length, lineBreaks } : null
  }

  #fields(row: string): string[] {
    if (!row.includes(QUOTE)) return row.split(this.#delimiter)
    const fields: string[] = []
    let at = 0
    for (;;) {
      const { field, end } = row[at] === QUOTE ? this.#quoted(row, at) : this.#bare(row, at)
      fields.push(field)
      if (end >= row.length) return fields
      at = end + 1
    }
  }

  #bare(row: string, start: number): { field: string; end: number } {
    const found = row.indexOf(this.#delimiter, start)
    const end = found < 0 ? row.length : found
    return { field: row.slice(start, end), end }
  }

  #quoted(row: string, start: number): { field: string; end: number } {
    let field = ''
    for (let at = start + 1; ; at++) {
      const close = row.indexOf(QUOTE, at)
      field += row.slice(at, close)
      at = close + 1
      if (row[at] !== QUOTE) {
        if (at < row.length && row[at] !== this.#delimiter) {
          throw new CommandError(`line ${this.#line}: "${row.slice(at, at + 10)}" behind a closing quote`)
        }
        return { field, end: at }
      }
      field += QUOTE
    }
  }
}
