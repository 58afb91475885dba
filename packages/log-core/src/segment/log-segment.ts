import { freeableMemory } from '@millrace/record-batch'
import type { FileHandle } from '../fs/file-system.ts'
import type { StorageError } from '../fs/storage-error.ts'
import type { OffsetIndex } from './offset-index.ts'
import type { SegmentCache } from './segment-cache.ts'
import { type SegmentFileKind, segmentFileName } from './segment-file-names.ts'
import type { TimeIndex } from './time-index.ts'
import { VerifiedRanges } from './verified-ranges.ts'

/** The latest time in a segment, -1 without any, and the last offset of the batch that holds it. */
export interface SegmentTimes {
  readonly maxTimestampMs: number
  readonly offsetOfMaxTimestamp: number
}

/** What readers need of the segment that is appended to: its file stays open and its indexes stay in memory. */
export interface ActiveSegment extends SegmentTimes {
  readonly file: FileHandle
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
}

/** What this process came to know of one segment since it opened its log. */
class SegmentFacts {
  isRetired = false
  /** Compacted, and read under its `.swap` names until the segments that it replaces are durably gone. */
  isSwapping = false
  /** Its size and its end were compared with its seal. */
  isChecked = false
  damage: StorageError | null = null
  /** Of a sealed segment, once somebody asked. */
  times: SegmentTimes | null = null
  /** Whether offsets may be missing between its batches, as compaction leaves it. Null until somebody asked. */
  mayHaveGaps: boolean | null = null
  #verified: VerifiedRanges | null = null

  /** What was read and found to match its checksums. */
  get verified(): VerifiedRanges {
    this.#verified ??= new VerifiedRanges()
    return this.#verified
  }
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
  active: ActiveSegment | null = null
  #facts: SegmentFacts | null = null

  constructor(directory: string, baseOffset: number, sizeBytes: number) {
    this.directory = directory
    this.baseOffset = baseOffset
    this.sizeBytes = sizeBytes
  }

  path(kind: SegmentFileKind): string {
    const path = `${this.directory}/${segmentFileName(this.baseOffset, kind)}`
    return this.#facts?.isSwapping && (kind === 'log' || kind === 'seal') ? `${path}.swap` : path
  }

  /** Made when somebody asks: of most segments nobody does. */
  get facts(): SegmentFacts {
    this.#facts ??= new SegmentFacts()
    return this.#facts
  }

  /** Removed from its log, or replaced by compaction: its name may stand for another file now. */
  get isRetired(): boolean {
    return this.#facts?.isRetired ?? false
  }

  /** What the scrubber found: nothing of this segment is given to anybody any more. */
  get damage(): StorageError | null {
    return this.#facts?.damage ?? null
  }

  /** Fewer bytes than `length` only at the end of the file. The memory is the caller's, who may free it. */
  async read(cache: SegmentCache, position: number, length: number): Promise<Buffer> {
    const memory = freeableMemory(length)
    return memory.subarray(0, await this.readInto(cache, position, memory, length))
  }

  /** As `FileHandle.readInto`. */
  readInto(cache: SegmentCache, position: number, target: Buffer, length: number): Promise<number> {
    const file = this.active?.file ?? cache.file(this.path('log'))
    return file.readInto(position, target, length)
  }

  /** Brings what a reader will want next into the page cache, if this process has not read it before. */
  readAhead(cache: SegmentCache, position: number, length: number): void {
    const end = Math.min(position + length, this.sizeBytes)
    if (this.isRetired || position >= end || this.facts.verified.has(position, end)) return
    const file = this.active?.file ?? cache.openFile(this.path('log'))
    if (file !== undefined) cache.readAhead.start(file, position, end - position)
  }
}
