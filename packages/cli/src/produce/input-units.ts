import { CommandError } from '../command-error.ts'
import { CsvReader, type CsvRow } from './csv-reader.ts'
import { LineSplitter } from './line-splitter.ts'

/** How the input is divided into records. */
export type InputKind = 'lines' | 'csv' | 'framed'

/** One record of the input: its bytes, and the line (or the frame) that it is, from 1. */
export interface InputUnit {
  readonly number: number
  readonly bytes: Buffer
  /** Why these bytes are no record; null when they are one. */
  readonly fault: string | null
}

/** Divides chunks of input, as they arrive. */
export interface UnitSplitter {
  push(chunk: Buffer): InputUnit[]
  /** What is left at the end of the input. */
  end(): InputUnit[]
}

/** Frames are read whole: one that claims more than a record may have is a wrong file. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

export function unitSplitter(kind: InputKind, delimiter: string): UnitSplitter {
  switch (kind) {
    case 'lines':
      return new LineUnits()
    case 'csv':
      return new CsvUnits(delimiter)
    case 'framed':
      return new FramedUnits()
  }
}

class LineUnits implements UnitSplitter {
  readonly #splitter = new LineSplitter()
  #count = 0

  push(chunk: Buffer): InputUnit[] {
    return this.#splitter.push(chunk).map((bytes) => ({ number: ++this.#count, bytes, fault: null }))
  }

  end(): InputUnit[] {
    const last = this.#splitter.end()
    return last === null ? [] : [{ number: ++this.#count, bytes: last, fault: null }]
  }
}

/** Rows become JSON objects whose fields are named by the first row. A number as JSON writes it becomes one. */
class CsvUnits implements UnitSplitter {
  readonly #reader: CsvReader
  #names: readonly string[] | null = null

  constructor(delimiter: string) {
    this.#reader = new CsvReader(delimiter)
  }

  push(chunk: Buffer): InputUnit[] {
    return this.#units(this.#reader.push(chunk))
  }

  end(): InputUnit[] {
    return this.#units(this.#reader.end())
  }

  #units(rows: readonly CsvRow[]): InputUnit[] {
    const units: InputUnit[] = []
    for (const { line, fields } of rows) {
      const names = this.#names
      if (names === null) this.#names = fields.map((name) => name.replace(/^\ufeff/, '').trim())
      else units.push(rowUnit(names, line, fields))
    }
    return units
  }
}

function rowUnit(names: readonly string[], line: number, fields: readonly string[]): InputUnit {
  if (fields.length !== names.length) {
    const fault = `it has ${fields.length} fields, and the header ${names.length}`
    return { number: line, bytes: Buffer.from(fields.join(',')), fault }
  }
  const row = Object.fromEntries(names.map((name, i) => [name, csvValue(fields[i] ?? '')]))
  return { number: line, bytes: Buffer.from(JSON.stringify(row)), fault: null }
}

/** `007` and `1e3` stay text: what was written must come out again. */
function csvValue(text: string): string | number | null {
  if (text === '') return null
  const number = Number(text)
  return String(number) === text && Number.isFinite(number) ? number : text
}

/** `length:int32 (big-endian) bytes`, again and again. */
class FramedUnits implements UnitSplitter {
  #rest: Buffer = Buffer.alloc(0)
  #count = 0

  push(chunk: Buffer): InputUnit[] {
    const units: InputUnit[] = []
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= 4) {
      const length = bytes.readInt32BE(0)
      if (length < 0 || length > MAX_FRAME_BYTES) {
        throw new CommandError(
          `frame ${this.#count + 1} claims ${length} bytes: expected 0 to ${MAX_FRAME_BYTES}`,
        )
      }
      if (bytes.length < 4 + length) break
      units.push({ number: ++this.#count, bytes: bytes.subarray(4, 4 + length), fault: null })
      bytes = bytes.subarray(4 + length)
    }
    this.#rest = bytes
    return units
  }

  end(): InputUnit[] {
    if (this.#rest.length > 0) {
      throw new CommandError(
        `frame ${this.#count + 1} is cut off: the input ends after ${this.#rest.length} bytes of it`,
      )
    }
    return []
  }
}
