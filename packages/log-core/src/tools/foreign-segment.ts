import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LeaderEpochs } from '../log/leader-epoch-checkpoint.ts'
import { sealSegment } from '../log/segment-list.ts'
import { DEFAULT_LOG_CONFIG } from '../log-config.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { asSegmentBatch, type FoundBatch, type ScanMemory, scanSegment } from '../segment/segment-scan.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'

/** What a walk over a segment that Kafka wrote showed. */
export interface ForeignSegmentReport {
  readonly nextOffset: number
  readonly batches: number
  readonly sizeBytes: number
  /** Offsets between its batches, or up to the segment behind it, that are not there: compacted away. */
  readonly missingOffsets: number
  readonly hasTransactions: boolean
}

/** Where a segment stands in its log, and what becomes of it. */
export interface ForeignSegmentPlace {
  /** Of the segment behind it; null for the last one. */
  readonly nextBase: number | null
  readonly epochs: LeaderEpochs
  /** Where the indexes and the seal of a segment that is not the last one go. The source is not written to. */
  readonly target: string
  readonly nowMs: number
  readonly memory: ScanMemory
}

/**
 * Walks a segment that Kafka wrote and checks all of it: headers, CRCs, offsets, leader epochs. On the way the indexes
 * and the seal come about that the segment needs here, so that its bytes are read once.
 *
 * @throws StorageError CORRUPT, with the position of what is damaged
 */
export async function adoptSegment(
  fs: FileSystem,
  segment: LogSegment,
  { nextBase, epochs, target, nowMs, memory }: ForeignSegmentPlace,
): Promise<ForeignSegmentReport> {
  const path = segment.path('log')
  const { baseOffset, sizeBytes } = segment
  const file = fs.open(path, 'read')
  try {
    const writer = new SegmentWriter({ directory: target, baseOffset }, file, nowMs)
    const seen = { batches: 0, missingOffsets: 0, hasTransactions: false }
    const isLast = nextBase === null
    const epochOf = (offset: number) => epochs.epochOf(offset)
    const options = { from: 0, nextOffset: baseOffset, hasGaps: !isLast, minEpoch: -1, epochOf }
    const visit = (batch: FoundBatch): void => {
      seen.batches++
      seen.missingOffsets += batch.header.baseOffset - writer.nextOffset
      seen.hasTransactions ||= batch.header.isTransactional
      writer.note(asSegmentBatch(batch), DEFAULT_LOG_CONFIG)
    }
    const end = await scanSegment(file, options, visit, memory)
    if (end.kind !== 'end') {
      throw corrupt(path, `byte ${end.position} of ${sizeBytes}: ${end.message}`)
    }
    if (isLast) return { ...seen, sizeBytes, nextOffset: end.nextOffset }
    if (end.nextOffset > nextBase) {
      throw corrupt(path, `it reaches offset ${end.nextOffset}, and the next segment begins at ${nextBase}`)
    }
    seen.missingOffsets += nextBase - end.nextOffset
    writer.nextOffset = nextBase
    await sealSegment(fs, writer, { nowMs, isCompacted: seen.missingOffsets > 0 })
    return { ...seen, sizeBytes, nextOffset: nextBase }
  } finally {
    file.close()
  }
}

function corrupt(path: string, seen: string): StorageError {
  return new StorageError('CORRUPT', path, `${path}: ${seen}`)
}
