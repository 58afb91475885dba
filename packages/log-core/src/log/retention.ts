import type { LogConfig } from '../log-config.ts'

/** What retention asks about a segment. */
export interface SegmentAge {
  readonly sizeBytes: number
  /** The latest time of its records, or when it was sealed if they have none. */
  readonly latestMs: number
  /** The offset behind its last one. */
  readonly endOffset: number
}

/** The log whose oldest segment is asked about. */
export interface RetainedLog {
  readonly config: LogConfig
  readonly logStartOffset: number
  readonly highWatermark: number
  /** Of this segment and all behind it. */
  readonly sizeBytes: number
  readonly nowMs: number
}

/**
 * Whether the oldest segment has to go. Pure. As in Kafka, time and size apply under `cleanup.policy=delete` only, what
 * DeleteRecords cut off goes under every policy, and nothing that consumers cannot see yet goes at all. It may be the
 * active segment: that is sealed first.
 */
export function mustRemoveOldest(segment: SegmentAge, log: RetainedLog): boolean {
  const { config, logStartOffset, highWatermark, sizeBytes, nowMs } = log
  if (segment.endOffset > highWatermark || segment.sizeBytes === 0) return false
  if (segment.endOffset <= logStartOffset) return true
  if (!config.cleanupPolicy.includes('delete')) return false
  const isExpired = config.retentionMs >= 0 && nowMs - segment.latestMs > config.retentionMs
  const isExcess = config.retentionBytes >= 0 && sizeBytes - config.retentionBytes >= segment.sizeBytes
  return isExpired || isExcess
}
