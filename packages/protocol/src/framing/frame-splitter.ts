import { strict as assert } from 'node:assert'
import { WireError } from '../wire/wire-error.ts'

const LENGTH_BYTES = 4
/** A chunk below this is copied together with its neighbours, so that a peer's tiny writes cannot pin a Buffer each. */
const SMALL_CHUNK_BYTES = 4_096
const GATHER_BYTES = 65_536

/** A frame's length is negative, zero or above the limit. The stream cannot be read any further: close it. */
export class FrameError extends WireError {
  readonly lengthBytes: number

  constructor(lengthBytes: number, maxFrameBytes: number) {
    super(`frame of ${lengthBytes} bytes, expected 1 to ${maxFrameBytes}`)
    this.lengthBytes = lengthBytes
  }
}

export interface FrameSplitterOptions {
  /** The longest frame accepted, without its length field: Kafka's `socket.request.max.bytes`. */
  readonly maxFrameBytes: number
}

/**
 * Cuts a byte stream into Kafka's frames:
 *
 *     frame = length: int32, body: length bytes
 *
 * A body that lies in one chunk is a view of it; any other is put together once, when all of it is there, so
 * a length alone never makes this allocate.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number
  /** Bytes not handed out yet, in order; none of the chunks is empty. */
  readonly #chunks: Buffer[] = []
  #availableBytes = 0
  /** The body length of the frame being waited for, or -1 while its length field is incomplete. */
  #frameBytes = -1
  /** Room behind the last chunk, when that chunk was gathered from small ones. */
  #gather: { readonly buffer: Buffer; usedBytes: number } | null = null

  constructor({ maxFrameBytes }: FrameSplitterOptions) {
    assert(maxFrameBytes > 0)
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Bytes received that no frame has been made of yet. */
  get pendingBytes(): number {
    return this.#availableBytes
  }

  /** Takes the next bytes of the stream. The chunk belongs to the splitter and its frames from here on. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#availableBytes += chunk.length
    if (this.#chunks.length > 1 && chunk.length < SMALL_CHUNK_BYTES) {
      this.#gatherSmall(chunk)
    } else {
      this.#gather = null
      this.#chunks.push(chunk)
    }
  }

  /** The body of the next whole frame, or null until more bytes arrive. Throws a `FrameError`, also when called again. */
  next(): Buffer | null {
    if (this.#frameBytes < 0 && !this.#readLength()) return null
    if (this.#availableBytes < this.#frameBytes) return null
    const frame = this.#take(this.#frameBytes)
    this.#frameBytes = -1
    return frame
  }

  #readLength(): boolean {
    if (this.#availableBytes < LENGTH_BYTES) return false
    const lengthBytes = this.#peekLength()
    if (lengthBytes <= 0 || lengthBytes > this.#maxFrameBytes) {
      throw new FrameError(lengthBytes, this.#maxFrameBytes)
    }
    this.#drop(LENGTH_BYTES)
    this.#frameBytes = lengthBytes
    return true
  }

  #peekLength(): number {
    let length = 0
    let count = 0
    for (const chunk of this.#chunks) {
      for (const byte of chunk.subarray(0, LENGTH_BYTES - count)) {
        length = (length << 8) | byte
        count++
      }
      if (count === LENGTH_BYTES) break
    }
    return length
  }

  #take(sizeBytes: number): Buffer {
    const first = this.#first()
    if (first.length >= sizeBytes) {
      this.#drop(sizeBytes)
      return first.subarray(0, sizeBytes)
    }
    const frame = Buffer.allocUnsafe(sizeBytes)
    let copied = 0
    let chunkCount = 0
    for (const chunk of this.#chunks) {
      const part = Math.min(chunk.length, sizeBytes - copied)
      frame.set(part === chunk.length ? chunk : chunk.subarray(0, part), copied)
      copied += part
      if (part < chunk.length) {
        this.#chunks[chunkCount] = chunk.subarray(part)
      } else {
        chunkCount++
        freeNow(chunk)
      }
      if (copied === sizeBytes) break
    }
    this.#chunks.splice(0, chunkCount)
    this.#consumed(sizeBytes)
    return frame
  }

  #drop(sizeBytes: number): void {
    let rest = sizeBytes
    while (rest > 0) {
      const first = this.#first()
      if (first.length > rest) {
        this.#chunks[0] = first.subarray(rest)
        break
      }
      rest -= first.length
      this.#chunks.shift()
    }
    this.#consumed(sizeBytes)
  }

  #consumed(sizeBytes: number): void {
    this.#availableBytes -= sizeBytes
    assert(this.#availableBytes >= 0)
    // The last chunk may be gone or cut: what is gathered next must not be appended to it.
    this.#gather = null
  }

  #first(): Buffer {
    const first = this.#chunks[0]
    assert(first !== undefined, 'fewer bytes in the chunks than counted')
    return first
  }

  #gatherSmall(chunk: Buffer): void {
    let gather = this.#gather
    if (gather === null || gather.buffer.length - gather.usedBytes < chunk.length) {
      gather = { buffer: Buffer.allocUnsafe(GATHER_BYTES), usedBytes: 0 }
      this.#gather = gather
      this.#chunks.push(gather.buffer)
    }
    gather.buffer.set(chunk, gather.usedBytes)
    gather.usedBytes += chunk.length
    this.#chunks[this.#chunks.length - 1] = gather.buffer.subarray(0, gather.usedBytes)
  }
}

/**
 * Gives the memory of a chunk back at once, when nothing else can point into it: of a chunk that a frame was cut
 * from, only a part is left. Otherwise 64 KiB of garbage per read make V8 collect all of its heap every 30 MB received,
 * which was a tenth of the broker's work under load.
 */
function freeNow(chunk: Buffer): void {
  const memory = chunk.buffer
  if (chunk.length < SMALL_CHUNK_BYTES || chunk.length !== memory.byteLength) return
  if (memory instanceof ArrayBuffer) memory.transfer(0)
}
