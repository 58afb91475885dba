import type { FileHandle } from '../fs/file-system.ts'
import type { OffsetIndex } from './offset-index.ts'
import type { SegmentCache } from './segment-cache.ts'
import { type SegmentFileKind, segmentFileName } from './segment-file-names.ts'
import type { TimeIndex } from './time-index.ts'
import { VerifiedRanges } from './verified-ranges.ts'

/** The file and the indexes of the segment that is appended to: they stay open and in memory. */
export interface ActiveSegmentFiles {
  readonly log: FileHandle
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
}

/**
 * One segment as readers see it. A sealed one never changes apart from being replaced by compaction; its file and
 * indexes come through the cache that all logs share. Small on purpose: there may be a hundred thousand of them.
 */
export class LogSegment {
  readonly baseOffset: number
  readonly directory: string
  /** All that is written. */
  sizeBytes: number
  /** Null once sealed. */
  active: ActiveSegmentFiles | null = null
  #verified: VerifiedRanges | null = null

  constructor(directory: string, baseOffset: number, sizeBytes: number) {
    this.directory = directory
    this.baseOffset = baseOffset
    this.sizeBytes = sizeBytes
  }

  path(kind: SegmentFileKind): string {
    return `${this.directory}/${segmentFileName(this.baseOffset, kind)}`
  }

  /** What this process has checked already. Made when somebody reads. */
  get verified(): VerifiedRanges {
    this.#verified ??= new VerifiedRanges()
    return this.#verified
  }

  /** Fewer bytes than `length` only at the end of the file. */
  read(cache: SegmentCache, position: number, length: number): Promise<Buffer> {
    const file = this.active?.log ?? cache.file(this.path('log'))
    return file.read(position, length)
  }
}
