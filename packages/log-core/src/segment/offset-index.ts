import { strict as assert } from 'node:assert'
import { GrowableBytes } from './growable-bytes.ts'

/**
 * Kafka's OffsetIndex: where in the segment a batch begins, one entry for each `index.interval.bytes`.
 *
 *   index := entry*      entry := relativeOffset:4 position:4      (big-endian, ascending)
 *
 * `relativeOffset` is the LAST offset of the batch at `position`, minus the segment's base offset: so the greatest
 * entry at or below an offset names a batch that is not behind the one that contains the offset.
 */
export const OFFSET_INDEX_ENTRY_BYTES = 8

export interface OffsetIndexEntry {
  readonly offset: number
  readonly position: number
}

export class OffsetIndex {
  readonly baseOffset: number
  readonly #entries: GrowableBytes

  constructor(baseOffset: number, entries: GrowableBytes = new GrowableBytes()) {
    this.baseOffset = baseOffset
    this.#entries = entries
  }

  /**
   * The index in `bytes`, which it takes over. Null when they are no index of a segment of `segmentSizeBytes`: not
   * whole entries, not ascending, or pointing behind the end. Kafka pads an open index with zeros: they are left out.
   */
  static parse(bytes: Buffer, segment: { baseOffset: number; sizeBytes: number }): OffsetIndex | null {
    const usedBytes = withoutZeroPadding(bytes)
    if (usedBytes % OFFSET_INDEX_ENTRY_BYTES !== 0) return null
    let lastOffset = -1
    let lastPosition = -1
    for (let at = 0; at < usedBytes; at += OFFSET_INDEX_ENTRY_BYTES) {
      const relativeOffset = bytes.readInt32BE(at)
      const position = bytes.readInt32BE(at + 4)
      if (relativeOffset <= lastOffset || position <= lastPosition || position >= segment.sizeBytes)
        return null
      lastOffset = relativeOffset
      lastPosition = position
    }
    return new OffsetIndex(segment.baseOffset, new GrowableBytes(bytes.subarray(0, usedBytes)))
  }

  get entryCount(): number {
    return this.#entries.sizeBytes / OFFSET_INDEX_ENTRY_BYTES
  }

  get capacityBytes(): number {
    return this.#entries.capacityBytes
  }

  /** A view of the index as the file holds it. */
  bytes(): Buffer {
    return this.#entries.view()
  }

  append(lastOffset: number, position: number): void {
    const relativeOffset = lastOffset - this.baseOffset
    assert(
      relativeOffset >= 0 && relativeOffset <= 0x7fff_ffff,
      `offset ${lastOffset} is not of this segment`,
    )
    assert(position <= 0x7fff_ffff, `position ${position} is beyond what an index can hold`)
    const at = this.#entries.reserve(OFFSET_INDEX_ENTRY_BYTES)
    this.#entries.buffer.writeInt32BE(relativeOffset, at)
    this.#entries.buffer.writeInt32BE(position, at + 4)
  }

  /** The greatest entry at or below `offset`; without one, the beginning of the segment. */
  lookup(offset: number): OffsetIndexEntry {
    const { buffer } = this.#entries
    const relativeOffset = offset - this.baseOffset
    let low = 0
    let high = this.entryCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (buffer.readInt32BE(middle * OFFSET_INDEX_ENTRY_BYTES) <= relativeOffset) low = middle + 1
      else high = middle
    }
    return low === 0 ? { offset: this.baseOffset, position: 0 } : this.entryAt(low - 1)
  }

  entryAt(index: number): OffsetIndexEntry {
    assert(index >= 0 && index < this.entryCount, `entry ${index} of ${this.entryCount}`)
    const { buffer } = this.#entries
    const at = index * OFFSET_INDEX_ENTRY_BYTES
    return { offset: this.baseOffset + buffer.readInt32BE(at), position: buffer.readInt32BE(at + 4) }
  }
}

/** Only the very first entry can be all zeros: the batch of one record at the beginning of a segment. */
function withoutZeroPadding(bytes: Buffer): number {
  let end = bytes.length
  while (end > OFFSET_INDEX_ENTRY_BYTES && bytes.readInt32BE(end - 4) === 0) end -= OFFSET_INDEX_ENTRY_BYTES
  return end
}
