import { strict as assert } from 'node:assert'
import { clampedInt64FromHalves, int64FromHalves } from './int64.ts'
import { WireError } from './wire-error.ts'

const UUID_BYTES = 16
/** A tag and a size. */
const MIN_TAGGED_FIELD_BYTES = 2
/**
 * How many array elements one message may have in all. A frame of 100 MB could claim that many one-byte elements,
 * and each costs 8 to 150 bytes once decoded; requests of real clients stay below a hundredth of this.
 */
const DEFAULT_MAX_ELEMENTS = 1_000_000

/**
 * A bounds-checked cursor over received bytes. Every overrun, impossible length and unrepresentable value is
 * a `WireError` (a `RangeError`): the fault is the peer's. Nothing here allocates more than it has bytes for.
 */
export class ByteReader {
  /** Where the next read begins, in bytes from the start of the buffer. */
  position: number
  readonly #bytes: Buffer
  #end: number
  #elementsLeft: number

  constructor(bytes: Buffer, start = 0, end = bytes.length, maxElements = DEFAULT_MAX_ELEMENTS) {
    assert(start >= 0 && start <= end && end <= bytes.length, `bounds ${start}..${end} of ${bytes.length}`)
    this.#bytes = bytes
    this.position = start
    this.#end = end
    this.#elementsLeft = maxElements
  }

  get end(): number {
    return this.#end
  }

  get remaining(): number {
    return this.#end - this.position
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  /** A safe integer; a value beyond ±(2^53 - 1) is a `WireError`. */
  int64(): number {
    const at = this.#take(8)
    return int64FromHalves(this.#bytes.readInt32BE(at), this.#bytes.readUInt32BE(at + 4))
  }

  /** A safe integer; a value beyond ±(2^53 - 1) becomes the nearest one. */
  clampedInt64(): number {
    const at = this.#take(8)
    return clampedInt64FromHalves(this.#bytes.readInt32BE(at), this.#bytes.readUInt32BE(at + 4))
  }

  float64(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  /** Sixteen bytes in Kafka's text form: unpadded base64url, 22 characters. */
  uuid(): string {
    const at = this.#take(UUID_BYTES)
    return this.#bytes.toString('base64url', at, at + UUID_BYTES)
  }

  /** LEB128, at most 32 bits in at most 5 bytes, as Kafka's `ByteUtils.readUnsignedVarint`. */
  unsignedVarint(): number {
    let byte = this.#bytes.readUInt8(this.#take(1))
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.#bytes.readUInt8(this.#take(1))
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    byte = this.#bytes.readUInt8(this.#take(1))
    if (byte > 0x0f) throw new WireError('varint longer than 32 bits')
    return (value | (byte << 28)) >>> 0
  }

  /** A view of the next bytes, not a copy. */
  view(length: number): Buffer {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  utf8(length: number): string {
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** The length of a string: int16, -1 for null. */
  stringLength(): number {
    return this.#checkLength(this.int16())
  }

  /** The length of bytes or an array: int32, -1 for null. */
  length(): number {
    return this.#checkLength(this.int32())
  }

  /** The length of anything in a flexible version: an unsigned varint of length + 1, 0 for null; -1 for null. */
  compactLength(): number {
    return this.unsignedVarint() - 1
  }

  /**
   * Refuses a count that the remaining bytes cannot hold: a lie of four bytes must not allocate gigabytes. Counts
   * against the elements that the whole message may have.
   */
  checkCount(count: number, minElementBytes: number): void {
    if (count * minElementBytes > this.remaining) {
      throw new WireError(`${count} elements of at least ${minElementBytes} bytes in ${this.remaining} bytes`)
    }
    if (count > this.#elementsLeft) throw new WireError(`${count} elements more than a message may have`)
    this.#elementsLeft -= count
  }

  /** Skips a whole section of tagged fields: what a newer peer knows and this version does not. */
  skipTaggedFields(): void {
    for (let count = this.taggedFieldCount(); count > 0; count--) {
      this.unsignedVarint()
      this.skip(this.unsignedVarint())
    }
  }

  /** How many tagged fields follow; each takes two bytes or more. */
  taggedFieldCount(): number {
    const count = this.unsignedVarint()
    this.checkCount(count, MIN_TAGGED_FIELD_BYTES)
    return count
  }

  /** Reads a value that must take exactly the next bytes: nothing beyond them, and all of them. */
  within<T>(length: number, read: (reader: ByteReader) => T): T {
    const outerEnd = this.#end
    const end = this.#take(length) + length
    this.position = end - length
    this.#end = end
    const value = read(this)
    if (this.position < end) throw new WireError(`${end - this.position} bytes too many at ${this.position}`)
    this.#end = outerEnd
    return value
  }

  /** A reader of the next bytes alone. */
  slice(length: number): ByteReader {
    const start = this.#take(length)
    return new ByteReader(this.#bytes, start, start + length)
  }

  skip(length: number): void {
    this.#take(length)
  }

  #checkLength(length: number): number {
    if (length < -1) throw new WireError(`length ${length} at ${this.position}`)
    return length
  }

  #take(length: number): number {
    const start = this.position
    if (length > this.#end - start) {
      throw new WireError(`need ${length} bytes at ${start}, have ${this.#end - start}`)
    }
    this.position = start + length
    return start
  }
}
