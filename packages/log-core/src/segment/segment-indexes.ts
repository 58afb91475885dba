import { crc32c } from '@millrace/record-batch'
import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from './log-segment.ts'
import { OffsetIndex } from './offset-index.ts'
import type { SegmentCache } from './segment-cache.ts'
import type { SegmentFileKind } from './segment-file-names.ts'
import { decodeSegmentSeal, type SegmentSeal } from './segment-seal.ts'
import { TimeIndex } from './time-index.ts'

/**
 * The indexes of all segments, wherever they are: in memory for the active one, kept or loaded for sealed ones. An
 * index that is not the one that was sealed counts for nothing: readers then scan, which is slow and right.
 */
export class SegmentIndexes {
  readonly #fs: FileSystem
  readonly #cache: SegmentCache

  constructor(fs: FileSystem, cache: SegmentCache) {
    this.#fs = fs
    this.#cache = cache
  }

  /** Null when there is none, as in a directory that Kafka wrote, or when it is damaged. */
  seal(segment: LogSegment): SegmentSeal | null {
    const path = segment.path('seal')
    return this.#fs.exists(path) ? decodeSegmentSeal(this.#fs.readFile(path)) : null
  }

  async offsetIndex(segment: LogSegment): Promise<OffsetIndex> {
    if (segment.active !== null) return segment.active.offsetIndex
    const path = segment.path('index')
    const kept = this.#cache.offsetIndex(path)
    if (kept !== undefined) return kept
    const bytes = await this.#sidecar(segment, 'index')
    const seal = this.seal(segment)
    const isAsSealed = seal === null || crc32c(bytes) === seal.offsetIndexCrc
    const index =
      (isAsSealed ? OffsetIndex.parse(bytes, segment) : null) ?? new OffsetIndex(segment.baseOffset)
    this.#cache.keepOffsetIndex(path, index)
    return index
  }

  async timeIndex(segment: LogSegment): Promise<TimeIndex> {
    if (segment.active !== null) return segment.active.timeIndex
    const path = segment.path('timeindex')
    const kept = this.#cache.timeIndex(path)
    if (kept !== undefined) return kept
    const bytes = await this.#sidecar(segment, 'timeindex')
    const seal = this.seal(segment)
    const isAsSealed = seal === null || crc32c(bytes) === seal.timeIndexCrc
    const index =
      (isAsSealed ? TimeIndex.parse(bytes, segment.baseOffset) : null) ?? new TimeIndex(segment.baseOffset)
    this.#cache.keepTimeIndex(path, index)
    return index
  }

  async #sidecar(segment: LogSegment, kind: SegmentFileKind): Promise<Buffer> {
    const path = segment.path(kind)
    if (!this.#fs.exists(path)) return Buffer.alloc(0)
    const file = this.#fs.open(path, 'read')
    try {
      return await file.read(0, file.sizeBytes)
    } finally {
      file.close()
    }
  }
}
