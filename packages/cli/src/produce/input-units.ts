import { CommandError } from '../command-error.ts'
import { CsvReader, type CsvRow } from './csv-reader.ts'
import { LineSplitter } from './line-splitter.ts'

/** How the input is divided into records. */
export type InputKind = 'lines' | 'csv' | 'framed'

/** One record of the input: its bytes, and the line (or the frame) that it is, from 1. */
export interface InputUnit {
  readonly number: number
  readonly bytes: Buffer
  /** What stands for it in the input: the same bytes, apart from CSV. */
  readonly source: Buffer
  /** Why these bytes are no record; null when they are one. */
  readonly fault: string | null
}

/** Divides chunks of input, as they arrive. */
export interface UnitSplitter {
  /** Why nothing behind the units that were given can be read; null while it can. */
  readonly failure: CommandError | null
  /** What an input of this kind begins with, before its first unit; null when nothing. */
  readonly head: Buffer | null
  push(chunk: Buffer): InputUnit[]
  /** What is left at the end of the input. */
  end(): InputUnit[]
  /** A head, or the source of a unit, as it would stand in an input, with what divides it from the next one. */
  asInput(source: Buffer): Buffer
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

const LINE_FEED = Buffer.from('\n')

class LineUnits implements UnitSplitter {
  readonly failure = null
  readonly head = null
  readonly #splitter = new LineSplitter()
  #count = 0

  push(chunk: Buffer): InputUnit[] {
    return this.#splitter.push(chunk).map((line) => this.#unit(line))
  }

  end(): InputUnit[] {
    const last = this.#splitter.end()
    return last === null ? [] : [this.#unit(last)]
  }

  asInput(source: Buffer): Buffer {
    return Buffer.concat([source, LINE_FEED])
  }

  #unit(line: Buffer): InputUnit {
    return { number: ++this.#count, bytes: line, source: line, fault: null }
  }
}

/** Rows become JSON objects whose fields are named by the first row. A number as JSON writes it becomes one. */
class CsvUnits implements UnitSplitter {
  readonly #reader: CsvReader
  #names: readonly string[] | null = null
  #head: Buffer | null = null
  #headFailure: CommandError | null = null

  constructor(delimiter: string) {
    this.#reader = new CsvReader(delimiter)
  }

  get failure(): CommandError | null {
    return this.#headFailure ?? this.#reader.failure
  }

  get head(): Buffer | null {
    return this.#head
  }

  push(chunk: Buffer): InputUnit[] {
    return this.#units(this.#reader.push(chunk))
  }

  end(): InputUnit[] {
    return this.#units(this.#reader.end())
  }

  asInput(source: Buffer): Buffer {
    return Buffer.concat([source, LINE_FEED])
  }

  #units(rows: readonly CsvRow[]): InputUnit[] {
    const units: InputUnit[] = []
    for (const row of rows) {
      if (this.#names === null) this.#readHead(row)
      else units.push(rowUnit(this.#names, row))
      if (this.#headFailure !== null) return []
    }
    return units
  }

  /** Without the names no row means anything. */
  #readHead({ bytes, fault, fields, line }: CsvRow): void {
    if (fault !== null) this.#headFailure = new CommandError(`line ${line}: ${fault}`)
    this.#head = bytes
    this.#names = fields.map((name) => name.replace(/^\ufeff/, '').trim())
  }
}

function rowUnit(names: readonly string[], { bytes, fault, fields, line }: CsvRow): InputUnit {
  const wrong =
    fault ??
    (fields.length === names.length ? null : `it has ${fields.length} fields, and the header ${names.length}`)
  if (wrong !== null) return { number: line, bytes, source: bytes, fault: wrong }
  const row = Object.fromEntries(names.map((name, i) => [name, csvValue(fields[i] ?? '')]))
  return { number: line, bytes: Buffer.from(JSON.stringify(row)), source: bytes, fault: null }
}

/** `007` and `1e3` stay text: what was written must come out again. */
function csvValue(text: string): string | number | null {
  if (text === '') return null
  const number = Number(text)
  return String(number) === text && Number.isFinite(number) ? number : text
}

/** `length:int32 (big-endian) bytes`, again and again. */
class FramedUnits implements UnitSplitter {
  readonly head = null
  #failure: CommandError | null = null
  #rest: Buffer = Buffer.alloc(0)
  #count = 0

  get failure(): CommandError | null {
    return this.#failure
  }

  push(chunk: Buffer): InputUnit[] {
    const units: InputUnit[] = []
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= 4 && this.#failure === null) {
      const length = bytes.readInt32BE(0)
      if (length < 0 || length > MAX_FRAME_BYTES) {
        this.#fail(`claims ${length} bytes: expected 0 to ${MAX_FRAME_BYTES}`)
        break
      }
      if (bytes.length < 4 + length) break
      const frame = bytes.subarray(4, 4 + length)
      units.push({ number: ++this.#count, bytes: frame, source: frame, fault: null })
      bytes = bytes.subarray(4 + length)
    }
    this.#rest = bytes
    return units
  }

  end(): InputUnit[] {
    const leftBytes = this.#rest.length
    if (leftBytes > 0) this.#fail(`is cut off: the input ends after ${leftBytes} bytes of it`)
    return []
  }

  asInput(source: Buffer): Buffer {
    const length = Buffer.alloc(4)
    length.writeInt32BE(source.length)
    return Buffer.concat([length, source])
  }

  #fail(what: string): void {
    this.#failure ??= new CommandError(`frame ${this.#count + 1} ${what}`)
  }
}
