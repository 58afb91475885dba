import type { LogConfig } from '../log-config.ts'

/** What retention asks about a segment. The last one given is the active one. */
export interface SegmentAge {
  readonly sizeBytes: number
  /** The latest time of its records, or when it was sealed if they have none. */
  readonly latestMs: number
  /** The offset behind its last one. */
  readonly endOffset: number
}

/**
 * How many of the oldest segments have to go. Pure. As in Kafka, time and size apply under `cleanup.policy=delete`
 * only, what DeleteRecords cut off goes under every policy, and nothing that consumers cannot see yet goes at all.
 * The active segment may be among them: it is sealed first.
 */
export function decideRetention(
  segments: readonly SegmentAge[],
  log: { config: LogConfig; logStartOffset: number; highWatermark: number; nowMs: number },
): number {
  const { config, logStartOffset, highWatermark, nowMs } = log
  const isDeleting = config.cleanupPolicy.includes('delete')
  let excessBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - config.retentionBytes
  let count = 0
  for (const segment of segments) {
    if (segment.endOffset > highWatermark || segment.sizeBytes === 0) break
    const isExpired = isDeleting && config.retentionMs >= 0 && nowMs - segment.latestMs > config.retentionMs
    const isExcess = isDeleting && config.retentionBytes >= 0 && excessBytes >= segment.sizeBytes
    const isCutOff = segment.endOffset <= logStartOffset
    if (!isExpired && !isExcess && !isCutOff) break
    excessBytes -= segment.sizeBytes
    count++
  }
  return count
}
