import { crc32c } from '@millrace/record-batch'
import type { FileSystem } from '../fs/file-system.ts'
import { rebuildIndexes } from './index-rebuild.ts'
import type { LogSegment, SegmentTimes } from './log-segment.ts'
import { OffsetIndex } from './offset-index.ts'
import type { SegmentCache } from './segment-cache.ts'
import type { SegmentFileKind } from './segment-file-names.ts'
import { readableSegment, scanOfSealed, scanSegment } from './segment-scan.ts'
import { decodeSegmentSeal, type SegmentSeal } from './segment-seal.ts'
import { TimeIndex } from './time-index.ts'

/**
 * The indexes of all segments, wherever they are: in memory for the active one, kept or loaded for sealed ones. An
 * index that is not the one that was sealed counts for nothing, and is built again from the batches.
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

  /** Without a seal, as in a directory that Kafka wrote, nobody knows. */
  mayHaveGaps(segment: LogSegment): boolean {
    if (segment.active !== null) return false
    const { facts } = segment
    facts.mayHaveGaps ??= this.seal(segment)?.isCompacted ?? true
    return facts.mayHaveGaps
  }

  async offsetIndex(segment: LogSegment): Promise<OffsetIndex> {
    if (segment.active !== null) return segment.active.offsetIndex
    const path = segment.path('index')
    const kept = this.#cache.offsetIndex(path)
    if (kept !== undefined) return kept
    const bytes = await this.#sidecar(segment, 'index')
    const isAsSealed = this.#isAsSealed(segment, bytes, 'offsetIndexCrc')
    const found = isAsSealed ? OffsetIndex.parse(bytes, segment) : null
    const index = found ?? (await rebuildIndexes(this.#fs, this.#cache, segment)).offsetIndex
    if (!segment.isRetired) this.#cache.keepOffsetIndex(path, index)
    return index
  }

  async timeIndex(segment: LogSegment): Promise<TimeIndex> {
    if (segment.active !== null) return segment.active.timeIndex
    const path = segment.path('timeindex')
    const kept = this.#cache.timeIndex(path)
    if (kept !== undefined) return kept
    const bytes = await this.#sidecar(segment, 'timeindex')
    const isAsSealed = this.#isAsSealed(segment, bytes, 'timeIndexCrc')
    const found = isAsSealed ? TimeIndex.parse(bytes, segment.baseOffset) : null
    const index = found ?? (await rebuildIndexes(this.#fs, this.#cache, segment)).timeIndex
    if (!segment.isRetired) this.#cache.keepTimeIndex(path, index)
    return index
  }

  /** The latest time in the segment: from its writer, its seal, its time index, or its batches. */
  async times(segment: LogSegment): Promise<SegmentTimes> {
    if (segment.active !== null) return segment.active
    const { facts } = segment
    if (facts.times === null) {
      const { maxTimestampMs, offsetOfMaxTimestamp } =
        this.seal(segment) ?? (await this.#timesWithoutSeal(segment))
      facts.times = { maxTimestampMs, offsetOfMaxTimestamp }
    }
    return facts.times
  }

  /**
   * Without a seal, as in a directory that Kafka wrote, nobody can tell, and they are believed. Behind a damaged seal they
   * may be what a power failure left: indexes are not synced.
   */
  #isAsSealed(segment: LogSegment, bytes: Buffer, crc: 'offsetIndexCrc' | 'timeIndexCrc'): boolean {
    const seal = this.seal(segment)
    return seal === null ? !this.#fs.exists(segment.path('seal')) : crc32c(bytes) === seal[crc]
  }

  async #timesWithoutSeal(segment: LogSegment): Promise<SegmentTimes> {
    const index = await this.timeIndex(segment)
    if (index.entryCount > 0) {
      const last = index.entryAt(index.entryCount - 1)
      return { maxTimestampMs: last.timestampMs, offsetOfMaxTimestamp: last.offset }
    }
    let times: SegmentTimes = { maxTimestampMs: -1, offsetOfMaxTimestamp: segment.baseOffset }
    await scanSegment(readableSegment(segment, this.#cache), scanOfSealed(segment), ({ header }) => {
      const { maxTimestampMs, lastOffset } = header
      if (maxTimestampMs > times.maxTimestampMs) times = { maxTimestampMs, offsetOfMaxTimestamp: lastOffset }
    })
    return times
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
