import { isUtf8 } from 'node:buffer'
import { CommandError } from '../command-error.ts'

const QUOTE = '"'
const QUOTE_BYTE = 0x22
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** One row of a CSV file, with the line on which it begins. */
export interface CsvRow {
  readonly line: number
  /** As it stands in the file, without the line break behind it. */
  readonly bytes: Buffer
  /** None when there is a fault. */
  readonly fields: readonly string[]
  /** Why these bytes are no row; null when they are one. */
  readonly fault: string | null
}

/** A quoted field without an end would swallow the rest of the file. */
const MAX_ROW_BYTES = 16 * 1024 * 1024

/**
 * Reads CSV (RFC 4180) as it arrives: fields in quotes may hold delimiters, line breaks and doubled
 * quotes. Rows end with CR LF or LF; an empty line is no row. A row that is none is told as such, and those behind it
 * are read.
 */
export class CsvReader {
  readonly #delimiter: string
  #rest: Buffer = Buffer.alloc(0)
  #line = 1
  #failure: CommandError | null = null

  constructor(delimiter = ',') {
    this.#delimiter = delimiter
  }

  /** Why nothing behind the rows that were given can be read; null while it can. */
  get failure(): CommandError | null {
    return this.#failure
  }

  /** The rows that are whole with this chunk. */
  push(chunk: Buffer): CsvRow[] {
    if (this.#failure !== null) return []
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const rows = this.#wholeRows()
    if (this.#rest.length > MAX_ROW_BYTES) {
      const what = `a row of more than ${MAX_ROW_BYTES} bytes, is a quote missing?`
      this.#failure = new CommandError(`line ${this.#line}: ${what}`)
    }
    return rows
  }

  /** The row that has no line break behind it. */
  end(): CsvRow[] {
    const last = this.#rest
    this.#rest = Buffer.alloc(0)
    return last.length === 0 || this.#failure !== null ? [] : this.#row(last)
  }

  #wholeRows(): CsvRow[] {
    const rows: CsvRow[] = []
    let start = 0
    let lineBreaks = 0
    let isQuoted = false
    for (let at = 0; at < this.#rest.length; at++) {
      const byte = this.#rest[at]
      // No part of a character of UTF-8 is one of these.
      if (byte === QUOTE_BYTE) isQuoted = !isQuoted
      else if (byte === LINE_FEED) {
        lineBreaks++
        if (isQuoted) continue
        rows.push(...this.#row(this.#rest.subarray(start, at)))
        this.#line += lineBreaks
        lineBreaks = 0
        start = at + 1
      }
    }
    this.#rest = this.#rest.subarray(start)
    return rows
  }

  /** One row, or none of an empty line. */
  #row(withReturn: Buffer): CsvRow[] {
    const bytes = withReturn.at(-1) === CARRIAGE_RETURN ? withReturn.subarray(0, -1) : withReturn
    if (bytes.length === 0) return []
    const fields = isUtf8(bytes) ? this.#fields(bytes.toString('utf8')) : 'it is not UTF-8'
    const row = { line: this.#line, bytes }
    return [
      typeof fields === 'string' ? { ...row, fields: [], fault: fields } : { ...row, fields, fault: null },
    ]
  }

  /** The fields of a row, or what is wrong with it. */
  #fields(row: string): string[] | string {
    if (!row.includes(QUOTE)) return row.split(this.#delimiter)
    const fields: string[] = []
    let at = 0
    for (;;) {
      const part = row[at] === QUOTE ? this.#quoted(row, at) : this.#bare(row, at)
      if (typeof part === 'string') return part
      fields.push(part.field)
      if (part.end >= row.length) return fields
      at = part.end + this.#delimiter.length
    }
  }

  #bare(row: string, start: number): { field: string; end: number } {
    const found = row.indexOf(this.#delimiter, start)
    const end = found < 0 ? row.length : found
    return { field: row.slice(start, end), end }
  }

  #quoted(row: string, start: number): { field: string; end: number } | string {
    let field = ''
    for (let at = start + 1; ; at++) {
      const close = row.indexOf(QUOTE, at)
      if (close < 0) return 'the quote that begins here has no end'
      field += row.slice(at, close)
      at = close + 1
      if (row[at] !== QUOTE) {
        if (at < row.length && !row.startsWith(this.#delimiter, at)) {
          return `"${row.slice(at, at + 10)}" behind a closing quote`
        }
        return { field, end: at }
      }
      field += QUOTE
    }
  }
}
