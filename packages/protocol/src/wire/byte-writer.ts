import { strict as assert } from 'node:assert'
import { checkInt64, int64High, int64Low } from './int64.ts'
import { WireError } from './wire-error.ts'

/** Most replies fit; a buffer of this size comes out of Node's pool instead of a fresh allocation. */
const FIRST_CHUNK_BYTES = 256
const MAX_CHUNK_BYTES = 65_536
/** Below this, copying is cheaper than one more entry in the vectored write. */
const REFERENCE_BYTES = 1_024
const UUID_BYTES = 16
const UUID_CHARACTERS = 22
const MAX_INT16 = 32_767

/**
 * Builds one message for a vectored write: small fields are gathered in a chunk, byte fields of 1 KiB and more
 * go out by reference, so they must not change until they are sent.
 */
export class ByteWriter {
  readonly #parts: Buffer[] = []
  /** Bytes in `#parts`. */
  #sealedBytes = 0
  #chunk: Buffer = Buffer.allocUnsafe(FIRST_CHUNK_BYTES)
  /** The chunk's bytes from here to `#position` are not in `#parts` yet. */
  #unsealedFrom = 0
  #position = 0

  get sizeBytes(): number {
    return this.#sealedBytes + this.#position - this.#unsealedFrom
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    const at = this.#reserve(1)
    this.#chunk.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    this.#chunk.writeInt16BE(value, at)
  }

  uint16(value: number): void {
    const at = this.#reserve(2)
    this.#chunk.writeUInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#chunk.writeInt32BE(value, at)
  }

  /** Takes safe integers only: anything else would arrive as another number. */
  int64(value: number): void {
    checkInt64(value)
    const at = this.#reserve(8)
    this.#chunk.writeInt32BE(int64High(value), at)
    this.#chunk.writeInt32BE(int64Low(value), at + 4)
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#chunk.writeDoubleBE(value, at)
  }

  /** Takes the 22 characters of Kafka's text form. */
  uuid(value: string): void {
    const at = this.#reserve(UUID_BYTES)
    const written =
      value.length === UUID_CHARACTERS ? this.#chunk.write(value, at, UUID_BYTES, 'base64url') : 0
    if (written !== UUID_BYTES) throw new WireError(`'${value}' is not a uuid of 22 base64url characters`)
  }

  /** LEB128 of 0 to 2^32 - 1. */
  unsignedVarint(value: number): void {
    if (!(value >= 0 && value <= 0xffff_ffff))
      throw new WireError(`${value} is not an unsigned 32-bit integer`)
    let at = this.#reserve(5)
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.#chunk[at++] = (rest & 0x7f) | 0x80
    this.#chunk[at++] = rest
    this.#position = at
  }

  /** A string behind its int16 length. */
  string(value: string): void {
    const length = Buffer.byteLength(value)
    if (length > MAX_INT16) throw new WireError(`string of ${length} bytes, at most ${MAX_INT16} fit`)
    this.int16(length)
    this.#utf8(value, length)
  }

  /** A string behind the varint of its length + 1. */
  compactString(value: string): void {
    const length = Buffer.byteLength(value)
    this.unsignedVarint(length + 1)
    this.#utf8(value, length)
  }

  /** Bytes as they are, without a length. From 1 KiB on the buffer itself goes out: see the class. */
  bytes(value: Buffer): void {
    if (value.length >= REFERENCE_BYTES) {
      this.#seal()
      this.#push(value)
      return
    }
    const at = this.#reserve(value.length)
    this.#chunk.set(value, at)
  }

  /** Everything that `other` holds; it must not be used afterwards. */
  append(other: ByteWriter): void {
    for (const part of other.finish()) this.bytes(part)
  }

  /** The message, in order. The writer must not be used afterwards. */
  finish(): Buffer[] {
    this.#seal()
    return this.#parts
  }

  #utf8(value: string, length: number): void {
    const at = this.#reserve(length)
    this.#chunk.write(value, at, length, 'utf8')
  }

  #reserve(length: number): number {
    if (this.#position + length > this.#chunk.length) this.#nextChunk(length)
    const at = this.#position
    this.#position = at + length
    return at
  }

  /** A full chunk is kept as a part, not copied into a larger one. */
  #nextChunk(length: number): void {
    this.#seal()
    const size = Math.min(this.#chunk.length * 2, MAX_CHUNK_BYTES)
    this.#chunk = Buffer.allocUnsafe(Math.max(size, length))
    this.#unsealedFrom = 0
    this.#position = 0
  }

  #seal(): void {
    assert(this.#position >= this.#unsealedFrom)
    if (this.#position === this.#unsealedFrom) return
    this.#push(this.#chunk.subarray(this.#unsealedFrom, this.#position))
    this.#unsealedFrom = this.#position
  }

  #push(part: Buffer): void {
    this.#parts.push(part)
    this.#sealedBytes += part.length
  }
}
