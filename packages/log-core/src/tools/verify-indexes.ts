import { type BatchHeader, crc32c } from '@millrace/record-batch'
import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { OffsetIndex } from '../segment/offset-index.ts'
import type { SegmentSeal } from '../segment/segment-seal.ts'
import { TimeIndex } from '../segment/time-index.ts'

/** What is wrong with one of the indexes. */
export interface IndexProblem {
  readonly path: string
  readonly message: string
}

/**
 * Compares the indexes of a segment with its batches, which are shown to it in order: an offset entry names the
 * position and the last offset of a batch, a time entry its last offset and its latest time.
 */
export class IndexCheck {
  readonly problems: IndexProblem[] = []
  readonly #offsetPath: string
  readonly #timePath: string
  #offsetIndex: OffsetIndex | null = null
  #timeIndex: TimeIndex | null = null
  #nextOffsetEntry = 0
  #nextTimeEntry = 0

  /** The active segment has no index files while its log is open, so there `isSealed` is false. */
  constructor(fs: FileSystem, segment: LogSegment, sealed: { isSealed: boolean; seal: SegmentSeal | null }) {
    this.#offsetPath = segment.path('index')
    this.#timePath = segment.path('timeindex')
    const offsetBytes = this.#bytes(fs, this.#offsetPath, sealed.isSealed, sealed.seal?.offsetIndexCrc)
    const timeBytes = this.#bytes(fs, this.#timePath, sealed.isSealed, sealed.seal?.timeIndexCrc)
    if (offsetBytes !== null) {
      this.#offsetIndex = OffsetIndex.parse(offsetBytes, segment)
      if (this.#offsetIndex === null) this.#add(this.#offsetPath, 'is no offset index of this segment')
    }
    if (timeBytes !== null) {
      this.#timeIndex = TimeIndex.parse(timeBytes, segment.baseOffset)
      if (this.#timeIndex === null) this.#add(this.#timePath, 'is no time index')
    }
  }

  visit(position: number, { lastOffset, maxTimestampMs }: BatchHeader): void {
    const offsetEntry = this.#entry(this.#offsetIndex, this.#nextOffsetEntry)
    if (offsetEntry !== null && offsetEntry.position <= position) {
      const isRight = offsetEntry.position === position && offsetEntry.offset === lastOffset
      if (!isRight) this.#refuseOffset(offsetEntry)
      this.#nextOffsetEntry++
    }
    for (;;) {
      const timeEntry = this.#entry(this.#timeIndex, this.#nextTimeEntry)
      if (timeEntry === null || timeEntry.offset > lastOffset) return
      const isRight = timeEntry.offset === lastOffset && timeEntry.timestampMs === maxTimestampMs
      if (!isRight) this.#refuseTime(timeEntry)
      this.#nextTimeEntry++
    }
  }

  end(): void {
    const offsetEntry = this.#entry(this.#offsetIndex, this.#nextOffsetEntry)
    if (offsetEntry !== null) this.#refuseOffset(offsetEntry)
    const timeEntry = this.#entry(this.#timeIndex, this.#nextTimeEntry)
    if (timeEntry !== null) this.#refuseTime(timeEntry)
  }

  #entry<T>(index: { entryCount: number; entryAt(at: number): T } | null, at: number): T | null {
    return index !== null && at < index.entryCount ? index.entryAt(at) : null
  }

  #refuseOffset({ offset, position }: { offset: number; position: number }): void {
    this.#add(
      this.#offsetPath,
      `says that a batch at byte ${position} ends with offset ${offset}, and none does`,
    )
    this.#offsetIndex = null
  }

  #refuseTime({ offset, timestampMs }: { offset: number; timestampMs: number }): void {
    this.#add(
      this.#timePath,
      `says that a batch ends with offset ${offset} and time ${timestampMs}, and none does`,
    )
    this.#timeIndex = null
  }

  #bytes(fs: FileSystem, path: string, isSealed: boolean, sealedCrc: number | undefined): Buffer | null {
    if (!fs.exists(path)) {
      if (isSealed) this.#add(path, 'is missing')
      return null
    }
    const bytes = fs.readFile(path)
    if (!isSealed || sealedCrc === undefined || crc32c(bytes) === sealedCrc) return bytes
    this.#add(path, 'is not the index that was sealed')
    return null
  }

  #add(path: string, message: string): void {
    this.problems.push({ path, message })
  }
}
