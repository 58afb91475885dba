import { ByteReader } from '../../src/index.ts'

/** Where a message says how long something is. */
export interface LengthField {
  readonly position: number
  readonly encoding: 'int16' | 'int32' | 'varint'
  readonly sizeBytes: number
}

/** Decodes as any reader does, and notes every length, count and size that it comes by. */
export class RecordingReader extends ByteReader {
  readonly lengths: LengthField[] = []
  #lastVarintAt = 0

  override stringLength(): number {
    this.lengths.push({ position: this.position, encoding: 'int16', sizeBytes: 2 })
    return super.stringLength()
  }

  override length(): number {
    this.lengths.push({ position: this.position, encoding: 'int32', sizeBytes: 4 })
    return super.length()
  }

  override unsignedVarint(): number {
    this.#lastVarintAt = this.position
    return super.unsignedVarint()
  }

  override compactLength(): number {
    const length = super.compactLength()
    this.#noteVarint()
    return length
  }

  override taggedFieldCount(): number {
    const count = super.taggedFieldCount()
    this.#noteVarint()
    return count
  }

  /** The value of a known tagged field: its size is the varint just read. */
  override within<T>(length: number, read: (reader: ByteReader) => T): T {
    this.#noteVarint()
    return super.within(length, read)
  }

  /** An unknown tagged field. */
  override skip(length: number): void {
    this.#noteVarint()
    super.skip(length)
  }

  #noteVarint(): void {
    const position = this.#lastVarintAt
    this.lengths.push({ position, encoding: 'varint', sizeBytes: this.position - position })
  }
}
