import { strict as assert } from 'node:assert'
import { GrowableBytes } from './growable-bytes.ts'

/**
 * Kafka's TimeIndex: an entry (t, o) says that every record behind offset o, in this segment, may be later than t,
 * and none up to o is. Written beside each offset index entry, when the time has grown, and once more at the end.
 *
 *   timeindex := entry*      entry := timestampMs:8 relativeOffset:4      (big-endian, both ascending)
 *
 * `relativeOffset` is the last offset of the batch that holds the timestamp, minus the segment's base offset.
 */
export const TIME_INDEX_ENTRY_BYTES = 12

const TWO_TO_32 = 0x1_0000_0000

export interface TimeIndexEntry {
  readonly timestampMs: number
  readonly offset: number
}

export class TimeIndex {
  readonly baseOffset: number
  readonly #entries: GrowableBytes

  constructor(baseOffset: number, entries: GrowableBytes = new GrowableBytes()) {
    this.baseOffset = baseOffset
    this.#entries = entries
  }

  /** The index in `bytes`, which it takes over. Null when they are not whole ascending entries. */
  static parse(bytes: Buffer, baseOffset: number): TimeIndex | null {
    const usedBytes = withoutZeroPadding(bytes)
    if (usedBytes % TIME_INDEX_ENTRY_BYTES !== 0) return null
    // Numbers and no entries: an index of a whole segment has 100,000 of them, and all wait for whoever loads it.
    for (let at = TIME_INDEX_ENTRY_BYTES; at < usedBytes; at += TIME_INDEX_ENTRY_BYTES) {
      const before = at - TIME_INDEX_ENTRY_BYTES
      // Equal offsets: the last entry of all may repeat one with a later time (Kafka does at a roll).
      if (timestampAt(bytes, at) <= timestampAt(bytes, before)) return null
      if (bytes.readInt32BE(at + 8) < bytes.readInt32BE(before + 8)) return null
    }
    return new TimeIndex(baseOffset, new GrowableBytes(bytes.subarray(0, usedBytes)))
  }

  get entryCount(): number {
    return this.#entries.sizeBytes / TIME_INDEX_ENTRY_BYTES
  }

  get capacityBytes(): number {
    return this.#entries.capacityBytes
  }

  /** A view of the index as the file holds it. */
  bytes(): Buffer {
    return this.#entries.view()
  }

  /** Keeps the entry only when it is later than the last one. */
  append({ timestampMs, offset }: TimeIndexEntry): void {
    // -1 means "no timestamp" in Kafka, so times before 1970 are not indexed: they are found by scanning.
    const last = this.entryCount === 0 ? -1 : this.entryAt(this.entryCount - 1).timestampMs
    if (timestampMs <= last) return
    const relativeOffset = offset - this.baseOffset
    assert(relativeOffset >= 0 && relativeOffset <= 0x7fff_ffff, `offset ${offset} is not of this segment`)
    const at = this.#entries.reserve(TIME_INDEX_ENTRY_BYTES)
    const { buffer } = this.#entries
    const high = Math.floor(timestampMs / TWO_TO_32)
    buffer.writeInt32BE(high, at)
    buffer.writeUInt32BE(timestampMs - high * TWO_TO_32, at + 4)
    buffer.writeInt32BE(relativeOffset, at + 8)
  }

  /** The latest entry that is EARLIER than `timestampMs`: nothing up to its offset is as late. Null without one. */
  lookupBefore(timestampMs: number): TimeIndexEntry | null {
    let low = 0
    let high = this.entryCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.entryAt(middle).timestampMs < timestampMs) low = middle + 1
      else high = middle
    }
    return low === 0 ? null : this.entryAt(low - 1)
  }

  entryAt(index: number): TimeIndexEntry {
    assert(index >= 0 && index < this.entryCount, `entry ${index} of ${this.entryCount}`)
    const { buffer } = this.#entries
    const at = index * TIME_INDEX_ENTRY_BYTES
    return { timestampMs: timestampAt(buffer, at), offset: this.baseOffset + buffer.readInt32BE(at + 8) }
  }
}

function timestampAt(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4)
}

function withoutZeroPadding(bytes: Buffer): number {
  let end = bytes.length
  while (end > TIME_INDEX_ENTRY_BYTES && isZero(bytes, end - TIME_INDEX_ENTRY_BYTES))
    end -= TIME_INDEX_ENTRY_BYTES
  return end
}

function isZero(bytes: Buffer, at: number): boolean {
  return bytes.readInt32BE(at) === 0 && bytes.readInt32BE(at + 4) === 0 && bytes.readInt32BE(at + 8) === 0
}
