import type { LogConfig } from '../log-config.ts'

/** What the plan asks about a sealed segment. */
export interface CompactionCandidate {
  readonly baseOffset: number
  /** The offset behind its last one. */
  readonly endOffset: number
  readonly sizeBytes: number
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
}

export interface CompactionPlan {
  /** Everything before it was compacted already, against everything before it. */
  readonly firstDirtyOffset: number
  /** Nothing from here on may be compacted yet. */
  readonly firstUncleanableOffset: number
  readonly dirtyBytes: number
  readonly dirtyRatio: number
  /** Whether a pass is worth its work, or has to be made because a record has waited for too long. */
  readonly isDue: boolean
}

/**
 * Decides what a pass over a log's sealed segments would do, as Kafka's LogCleanerManager does. Pure.
 *
 * `checkpointOffset` is where the last pass ended; consumers must have seen what is compacted, so nothing from the
 * high watermark on takes part.
 */
export function planCompaction(
  sealed: readonly CompactionCandidate[],
  log: { config: LogConfig; checkpointOffset: number; highWatermark: number; nowMs: number },
): CompactionPlan {
  const { config, highWatermark, nowMs } = log
  const first = sealed[0]
  const firstDirtyOffset = Math.max(log.checkpointOffset, first?.baseOffset ?? 0)
  let firstUncleanableOffset = first?.baseOffset ?? 0
  let cleanBytes = 0
  let dirtyBytes = 0
  let oldestDirtyMs = Number.POSITIVE_INFINITY
  for (const segment of sealed) {
    const isYoung =
      config.minCompactionLagMs > 0 && segment.maxTimestampMs > nowMs - config.minCompactionLagMs
    if (segment.endOffset > highWatermark || isYoung) break
    firstUncleanableOffset = segment.endOffset
    if (segment.endOffset <= firstDirtyOffset) cleanBytes += segment.sizeBytes
    else {
      dirtyBytes += segment.sizeBytes
      if (segment.firstTimestampMs >= 0) oldestDirtyMs = Math.min(oldestDirtyMs, segment.firstTimestampMs)
    }
  }
  const dirtyRatio = dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes)
  const isOverdue = nowMs - oldestDirtyMs > config.maxCompactionLagMs
  const isDue = dirtyBytes > 0 && (dirtyRatio > config.minCleanableDirtyRatio || isOverdue)
  return { firstDirtyOffset, firstUncleanableOffset, dirtyBytes, dirtyRatio, isDue }
}

/**
 * Puts neighbours together that fit into one segment, so that compaction does not leave many small ones behind. Sizes
 * are those before the pass, as in Kafka: the result can only be smaller.
 */
export function groupForCompaction<T extends { baseOffset: number; endOffset: number; sizeBytes: number }>(
  segments: readonly T[],
  config: Pick<LogConfig, 'segmentBytes'>,
): T[][] {
  const groups: T[][] = []
  let sizeBytes = 0
  for (const segment of segments) {
    const group = groups.at(-1)
    const first = group?.[0]
    sizeBytes += segment.sizeBytes
    const fits = first !== undefined && segment.endOffset - first.baseOffset <= MAX_RELATIVE_OFFSET
    if (group !== undefined && fits && sizeBytes <= config.segmentBytes) group.push(segment)
    else {
      groups.push([segment])
      sizeBytes = segment.sizeBytes
    }
  }
  return groups
}

/** Offsets in an index are relative to the segment's base, in 31 bits. */
const MAX_RELATIVE_OFFSET = 0x7fff_ffff
