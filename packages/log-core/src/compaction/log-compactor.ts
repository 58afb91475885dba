import { openRecords } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { LogEnvironment, LogIdentity } from '../log/log-environment.ts'
import type { LogReader } from '../log/log-reader.ts'
import type { LogTrimmer } from '../log/log-trimmer.ts'
import { type SegmentList, writeIndexFiles } from '../log/segment-list.ts'
import type { LogConfig } from '../log-config.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { readableSegment, scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import type { SegmentSeal } from '../segment/segment-seal.ts'
import { readCleanerCheckpoint, writeCleanerCheckpoint } from './cleaner-checkpoint.ts'
import {
  type CompactionCandidate,
  type CompactionPlan,
  groupForCompaction,
  planCompaction,
} from './compaction-plan.ts'
import { KeyOffsetMap } from './key-offset-map.ts'
import { SegmentCleaner } from './segment-cleaner.ts'
import { decideSwap, giveUpSwap, removeReplaced, takePlace } from './segment-swap.ts'
import type { WorkPacer } from './work-pacer.ts'

/** What one pass did. */
export interface CompactionResult {
  readonly segmentsBefore: number
  readonly segmentsAfter: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly keys: number
  /** Everything before it is compacted now. */
  readonly cleanedUpTo: number
  /** The key map was full before the end: another pass goes on from here. */
  readonly isMoreLeft: boolean
}

export interface CompactionRequest {
  readonly config: LogConfig
  readonly highWatermark: number
  readonly nowMs: number
  /** For the key map: `log.cleaner.dedupe.buffer.size`. */
  readonly memoryBytes: number
  /** Of the hash, new for each pass. */
  readonly seed: number
  readonly pacer: WorkPacer
}

/** A sealed segment with what the plan asks about it. */
interface Candidate extends CompactionCandidate {
  readonly segment: LogSegment
}

/**
 * Keeps the latest record of each key (`cleanup.policy=compact`): a map of the newest offset of each key in what is
 * dirty, then every segment up to there is copied without what the map has a newer offset for, and swapped in.
 * After Kafka's LogCleaner. Appends and reads go on meanwhile.
 */
export class LogCompactor {
  readonly #environment: LogEnvironment
  readonly #identity: LogIdentity
  readonly #segments: SegmentList
  readonly #reader: LogReader
  readonly #trimmer: LogTrimmer
  readonly #commit: GroupCommit
  #checkpointOffset: number | null = null
  /** Of the keys of one batch; kept, so that a pass does not make a list for each batch. */
  readonly #keyOffsets: number[] = []

  constructor(
    environment: LogEnvironment,
    identity: LogIdentity,
    parts: { segments: SegmentList; reader: LogReader; trimmer: LogTrimmer; commit: GroupCommit },
  ) {
    this.#environment = environment
    this.#identity = identity
    this.#segments = parts.segments
    this.#reader = parts.reader
    this.#trimmer = parts.trimmer
    this.#commit = parts.commit
  }

  /** What a pass would have to do now. */
  plan(request: { config: LogConfig; highWatermark: number; nowMs: number }): CompactionPlan {
    return planCompaction(this.#candidates(), { ...request, checkpointOffset: this.#checkpoint() })
  }

  /** One pass. Null when there is nothing dirty that may be compacted. Throws StorageError, WorkStopped. */
  async compact(request: CompactionRequest): Promise<CompactionResult | null> {
    const plan = this.plan(request)
    const { firstDirtyOffset, firstUncleanableOffset } = plan
    if (firstDirtyOffset >= firstUncleanableOffset) return null
    const candidates = this.#candidates().filter(({ endOffset }) => endOffset <= firstUncleanableOffset)
    const dirty = candidates.filter(({ endOffset }) => endOffset > firstDirtyOffset)
    const map = new KeyOffsetMap({
      memoryBytes: request.memoryBytes,
      mostKeys: firstUncleanableOffset - firstDirtyOffset,
      baseOffset: firstDirtyOffset,
      seed: request.seed,
    })
    const mapEndOffset = await this.#fillMap(map, dirty, { firstDirtyOffset, pacer: request.pacer })
    const lastOffset = this.#segments.active.segment.baseOffset - 1
    const facts = { latest: map, mapEndOffset, lastOffset, nowMs: request.nowMs }
    const cleaner = new SegmentCleaner(this.#environment, request.config, facts, request.pacer)
    const affected = candidates.filter(({ baseOffset }) => baseOffset < mapEndOffset)
    const result = await this.#replaceAll(cleaner, affected, request)
    await writeCleanerCheckpoint(this.#environment.fs, this.#identity.directory, mapEndOffset)
    this.#checkpointOffset = mapEndOffset
    const isMoreLeft = mapEndOffset < firstUncleanableOffset
    return { ...result, keys: map.count, cleanedUpTo: mapEndOffset, isMoreLeft }
  }

  #checkpoint(): number {
    this.#checkpointOffset ??= readCleanerCheckpoint(this.#environment.fs, this.#identity.directory)
    // The offset is from another life of the log when it lies behind its end; then all of it is dirty.
    return this.#checkpointOffset <= this.#segments.active.nextOffset ? this.#checkpointOffset : 0
  }

  #candidates(): Candidate[] {
    return this.#segments.sealed.map((segment, index) => {
      const seal = this.#environment.indexes.seal(segment)
      return {
        segment,
        baseOffset: segment.baseOffset,
        endOffset: this.#segments.endOffsetOf(index),
        sizeBytes: segment.sizeBytes,
        firstTimestampMs: seal?.firstTimestampMs ?? -1,
        maxTimestampMs: seal?.maxTimestampMs ?? -1,
      }
    })
  }

  /** Puts in the keys of what is dirty, until all are in or the map is full. Returns the offset behind the last one. */
  async #fillMap(
    map: KeyOffsetMap,
    dirty: readonly Candidate[],
    { firstDirtyOffset, pacer }: { firstDirtyOffset: number; pacer: WorkPacer },
  ): Promise<number> {
    let fullAt: number | null = null
    for (const { segment } of dirty) {
      const source = readableSegment(segment, this.#environment.cache)
      const paced = {
        // Nothing more is read once the map is full.
        get sizeBytes() {
          return fullAt === null ? source.sizeBytes : 0
        },
        readInto: async (position: number, target: Buffer, length: number): Promise<number> => {
          await pacer.rest()
          const readBytes = await source.readInto(position, target, length)
          pacer.resume()
          return readBytes
        },
      }
      const end = await scanSegment(paced, scanOfSealed(segment), ({ buffer, at, header }) => {
        if (fullAt !== null || header.lastOffset < firstDirtyOffset || header.isControl) return
        const records = openRecords(buffer, at, header)
        const offsets = this.#keyOffsets
        offsets.length = 0
        map.beginGroup()
        while (records.next()) {
          if (records.offset < firstDirtyOffset || records.keyLength < 0) continue
          map.addKey(records.bytes, records.keyStart, records.keyLength)
          offsets.push(records.offset)
        }
        map.loadGroup()
        for (const [index, offset] of offsets.entries()) {
          if (map.isFullFor(offset)) {
            fullAt = offset
            return
          }
          map.put(index, offset)
        }
      })
      if (end.kind !== 'end') {
        const path = segment.path('log')
        throw new StorageError('CORRUPT', path, `${path} at byte ${end.position}: ${end.message}`)
      }
      if (fullAt !== null) return fullAt
    }
    return dirty.at(-1)?.endOffset ?? firstDirtyOffset
  }

  async #replaceAll(
    cleaner: SegmentCleaner,
    affected: readonly Candidate[],
    request: CompactionRequest,
  ): Promise<{ segmentsBefore: number; segmentsAfter: number; bytesBefore: number; bytesAfter: number }> {
    const sum = { segmentsBefore: affected.length, segmentsAfter: 0, bytesBefore: 0, bytesAfter: 0 }
    for (const group of groupForCompaction(affected, request.config)) {
      const { bytesBefore, bytesAfter } = await this.#replace(cleaner, group, request)
      sum.segmentsAfter++
      sum.bytesBefore += bytesBefore
      sum.bytesAfter += bytesAfter
    }
    return sum
  }

  async #replace(
    cleaner: SegmentCleaner,
    group: readonly Candidate[],
    { nowMs }: CompactionRequest,
  ): Promise<{ bytesBefore: number; bytesAfter: number }> {
    const { fs } = this.#environment
    const old = group.map(({ segment }) => segment)
    const endOffset = group.at(-1)?.endOffset ?? 0
    const path = `${old[0]?.path('log')}.cleaned`
    const { writer, bytesBefore, bytesAfter } = await cleaner.clean(old, path)
    writer.nextOffset = endOffset
    const seal = writer.seal({ nowMs, isCompacted: true })
    const segment = new LogSegment(this.#identity.directory, writer.segment.baseOffset, bytesAfter)
    const isReplaced = await this.#trimmer.exclusively(async () => {
      // Retention or DeleteRecords took some of them away meanwhile: then what was made of them is of no use.
      if (!this.#segments.hasAll(old)) return false
      await this.#decide(segment, seal)
      await this.#swapIn(segment, old)
      writeIndexFiles(fs, writer)
      return true
    })
    if (isReplaced) return { bytesBefore, bytesAfter }
    fs.remove(path)
    return { bytesBefore: 0, bytesAfter: 0 }
  }

  /** A swap that could not be decided must not be found decided later, when other passes have gone over the same keys. */
  async #decide(segment: LogSegment, seal: SegmentSeal): Promise<void> {
    const { fs } = this.#environment
    try {
      await decideSwap(fs, segment, seal)
    } catch (error) {
      await giveUpSwap(fs, segment).catch((failure: unknown) => {
        throw this.#fail(failure, segment, 'give a compaction up')
      })
      throw error
    }
  }

  async #swapIn(segment: LogSegment, old: readonly LogSegment[]): Promise<void> {
    try {
      const { fs, cache } = this.#environment
      // Whoever reads finds the new segment from here on, under its `.swap` names until those change.
      segment.facts.isSwapping = true
      this.#segments.replace(old, segment)
      this.#reader.forgetHints()
      await removeReplaced(fs, segment, old)
      cache.forgetSegment(segment)
      const durable = takePlace(fs, segment)
      segment.facts.isSwapping = false
      await durable
    } catch (error) {
      throw this.#fail(error, segment, 'put a compacted segment in its place')
    }
  }

  /** The names on the disk are half way between two states: only opening the log again can tell. */
  #fail(error: unknown, segment: LogSegment, doing: string): StorageError {
    const failure = StorageError.from(error, segment.path('log'), doing)
    this.#commit.fail(failure)
    return failure
  }
}
