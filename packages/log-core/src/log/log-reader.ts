import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  CorruptBatchError,
  readBatchHeader,
  verifyBatchCrc,
} from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import type { SegmentCache } from '../segment/segment-cache.ts'
import type { SegmentIndexes } from '../segment/segment-indexes.ts'
import type { LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { SegmentList } from './segment-list.ts'

/** Where a read from disk begins and how far it may go. */
export interface DiskRead {
  readonly offset: number
  /** A boundary of batches: none at or behind it is given. */
  readonly endOffset: number
  readonly maxBytes: number
  readonly isFirstBatchWhole: boolean
}

/** Where in a segment a read begins, and which batch has to be there. */
interface Place {
  readonly segment: LogSegment
  readonly position: number
  readonly expected: ExpectedBatch
}

/** Only one of the two may be known: an index entry names a batch by its last offset. */
interface ExpectedBatch {
  readonly baseOffset: number | null
  readonly lastOffset: number | null
}

/** Batches that were found, and where the next read would go on. */
interface Found {
  /** Where in the buffer the batches begin and end. */
  readonly start: number
  readonly end: number
  readonly nextOffset: number
  /** The first batch is larger than what was read: so many bytes are needed from `start` on. */
  readonly neededBytes: number
  /** Which batch lies at `end`. */
  readonly expected: ExpectedBatch
}

/** Readers that go forward remember where they were, so that nobody scans for it again. */
const MAX_HINTS = 64

/**
 * Reads whole batches from the files of a log. Every batch is checked the first time that this process reads it; its
 * place in the chain, which no CRC covers, every time.
 */
export class LogReader {
  readonly #segments: SegmentList
  readonly #indexes: SegmentIndexes
  readonly #cache: SegmentCache
  readonly #epochs: LeaderEpochs
  /** Offset of a batch's beginning -> its position. Oldest first. */
  readonly #hints = new Map<number, { segment: LogSegment; position: number }>()

  constructor(parts: {
    segments: SegmentList
    indexes: SegmentIndexes
    cache: SegmentCache
    epochs: LeaderEpochs
  }) {
    this.#segments = parts.segments
    this.#indexes = parts.indexes
    this.#cache = parts.cache
    this.#epochs = parts.epochs
  }

  /** Empty when not even the first batch fits. Off the event loop. Throws StorageError CORRUPT for damaged bytes. */
  async read(request: DiskRead): Promise<Buffer> {
    let index = this.#segments.indexOf(request.offset)
    for (;;) {
      const segment = this.#segments.at(index)
      if (segment === undefined || segment.baseOffset >= request.endOffset) return Buffer.alloc(0)
      this.#checkSealed(segment, this.#segments.endOffsetOf(index))
      const found = await this.#readFrom(segment, request)
      if (found === 'retired') index = this.#segments.indexOf(request.offset)
      // Null: compaction left nothing at or behind the offset in this segment, so the next one has it.
      else if (found === null) index = this.#segments.indexBehind(segment)
      else return found
    }
  }

  /** Once for each segment: it is as long as it was sealed, and the one behind it is there. */
  #checkSealed(segment: LogSegment, endOffset: number): void {
    if (segment.active !== null || segment.facts.isChecked) return
    const seal = this.#indexes.seal(segment)
    if (seal !== null && seal.sizeBytes !== segment.sizeBytes) {
      throw damaged(segment, segment.sizeBytes, `the segment was sealed with ${seal.sizeBytes} bytes`)
    }
    if (seal !== null && seal.nextOffset !== endOffset) {
      const seen = `the next segment begins at offset ${endOffset}`
      throw damaged(segment, segment.sizeBytes, `${seen}, and this one was sealed at ${seal.nextOffset}`)
    }
    segment.facts.isChecked = true
  }

  /** A segment was replaced or removed. */
  forgetHints(): void {
    this.#hints.clear()
  }

  /** `retired`: while its index was loaded the segment was replaced, and its name may stand for another file now. */
  async #readFrom(segment: LogSegment, request: DiskRead): Promise<Buffer | null | 'retired'> {
    if (segment.damage !== null) throw segment.damage
    const place = await this.#placeOf(segment, request.offset)
    let { position, expected } = place
    let wantedBytes = request.maxBytes + place.marginBytes
    for (;;) {
      const length = Math.min(Math.max(wantedBytes, BATCH_HEADER_BYTES), segment.sizeBytes - position)
      if (length <= 0) return null
      if (segment.isRetired) return 'retired'
      const buffer = await segment.read(this.#cache, position, length)
      if (buffer.length < length) throw damaged(segment, position + buffer.length, 'the file ends too early')
      const found = this.#find(
        buffer,
        { segment, position, expected, isAtEnd: position + length >= segment.sizeBytes },
        request,
      )
      if (found.end > found.start) {
        this.#remember(found.nextOffset, segment, position + found.end)
        // Whoever goes on from where a read ended will do so again.
        if (place.marginBytes === 0) segment.readAhead(this.#cache, position + found.end, request.maxBytes)
        return buffer.subarray(found.start, found.end)
      }
      if (found.neededBytes === 0 && found.start < buffer.length) return Buffer.alloc(0)
      if (found.neededBytes > request.maxBytes && !request.isFirstBatchWhole) return Buffer.alloc(0)
      position += found.start
      expected = found.expected
      wantedBytes = Math.max(found.neededBytes, request.maxBytes)
    }
  }

  /** Where to begin: exactly, when a read ended there before; else at the nearest index entry. */
  async #placeOf(segment: LogSegment, offset: number): Promise<Place & { marginBytes: number }> {
    const hint = this.#hints.get(offset)
    if (hint !== undefined && hint.segment === segment) {
      const expected = { baseOffset: offset, lastOffset: null }
      return { segment, position: hint.position, expected, marginBytes: 0 }
    }
    const index = await this.#indexes.offsetIndex(segment)
    const { position, offset: lastOffset } = index.lookup(offset)
    const expected =
      position === 0 ? { baseOffset: segment.baseOffset, lastOffset: null } : { baseOffset: null, lastOffset }
    return { segment, position, expected, marginBytes: INDEX_MARGIN_BYTES }
  }

  #remember(offset: number, segment: LogSegment, position: number): void {
    this.#hints.delete(offset)
    this.#hints.set(offset, { segment, position })
    for (const oldest of this.#hints.keys()) {
      if (this.#hints.size <= MAX_HINTS) break
      this.#hints.delete(oldest)
    }
  }

  /** Walks the batches in the buffer: skips those before the offset, takes those that may be given. */
  #find(buffer: Buffer, place: Place & { isAtEnd: boolean }, request: DiskRead): Found {
    const { segment } = place
    let { expected } = place
    let at = 0
    let start = -1
    let nextOffset = request.offset
    let neededBytes = 0
    const isVerified = segment.facts.verified.has(place.position, place.position + buffer.length)
    while (at < buffer.length) {
      const remainingBytes = buffer.length - at
      const header = remainingBytes < BATCH_HEADER_BYTES ? null : this.#headerAt(buffer, at, place)
      if (header !== null) this.#checkPlace(header, expected, { segment, position: place.position + at })
      if (header !== null && header.baseOffset >= request.endOffset) break
      if (header === null || header.sizeBytes > remainingBytes) {
        if (place.isAtEnd)
          throw damaged(segment, place.position + at, 'a batch is cut off by the end of the file')
        neededBytes = header?.sizeBytes ?? BATCH_HEADER_BYTES
        break
      }
      if (header.lastOffset >= request.offset) {
        const isForced = start < 0 && request.isFirstBatchWhole
        const takenBytes = start < 0 ? 0 : at - start
        if (takenBytes + header.sizeBytes > request.maxBytes && !isForced) break
        if (start < 0) start = at
        nextOffset = header.lastOffset + 1
      }
      if (!isVerified && !verifyBatchCrc(buffer, at, header.sizeBytes)) {
        throw damaged(segment, place.position + at, 'the CRC of a batch does not match its bytes')
      }
      at += header.sizeBytes
      expected = { baseOffset: header.lastOffset + 1, lastOffset: null }
    }
    if (!isVerified) segment.facts.verified.add(place.position, place.position + at)
    return start < 0
      ? { start: at, end: at, nextOffset, neededBytes, expected }
      : { start, end: at, nextOffset, neededBytes, expected }
  }

  /** No CRC covers a base offset: a batch is right when it follows the last one, or is the one that the index named. */
  #checkPlace(
    header: BatchHeader,
    expected: ExpectedBatch,
    { segment, position }: { segment: LogSegment; position: number },
  ): void {
    const { baseOffset, lastOffset } = header
    const follows =
      expected.baseOffset === null ||
      baseOffset === expected.baseOffset ||
      (baseOffset > expected.baseOffset && this.#indexes.mayHaveGaps(segment))
    if (follows && (expected.lastOffset === null || lastOffset === expected.lastOffset)) return
    const due = expected.baseOffset ?? `a batch that ends with ${expected.lastOffset}`
    throw damaged(segment, position, `the batch ${baseOffset}-${lastOffset}, expected ${due}`)
  }

  #headerAt(buffer: Buffer, at: number, place: Place): BatchHeader {
    const position = place.position + at
    try {
      const header = readBatchHeader(buffer, at)
      const epoch = this.#epochs.epochOf(header.baseOffset)
      if (epoch >= 0 && header.partitionLeaderEpoch !== epoch) {
        const seen = `leader epoch ${header.partitionLeaderEpoch} at offset ${header.baseOffset}`
        throw damaged(place.segment, position, `${seen}, expected ${epoch}`)
      }
      return header
    } catch (error) {
      if (error instanceof CorruptBatchError) throw damaged(place.segment, position, error.message)
      throw error
    }
  }
}

/** An index entry lies at most an interval and a batch before what is looked for; most batches are small. */
const INDEX_MARGIN_BYTES = 32 * 1024

function damaged(segment: LogSegment, position: number, message: string): StorageError {
  const path = segment.path('log')
  return new StorageError('CORRUPT', path, `${path} at byte ${position}: ${message}`)
}
