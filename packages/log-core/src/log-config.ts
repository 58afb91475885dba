import { strict as assert } from 'node:assert'

/** Kafka writes "no limit" as 2^63-1; a safe integer stands for it here. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER

/**
 * What one log is told: Kafka's topic configs in camelCase, under the same meaning and unit. Millrace obeys those
 * listed here; whoever reads configs from users refuses the others.
 */
export interface LogConfig {
  /** `segment.bytes`: a segment is sealed before it would grow above this. A batch is never split. */
  readonly segmentBytes: number
  /** `segment.ms`: a segment is sealed when its first batch is this much older than the next one. */
  readonly segmentMs: number
  /** `segment.jitter.ms`: taken off `segmentMs`, by a different amount for each segment. */
  readonly segmentJitterMs: number
  /** `index.interval.bytes`: one index entry for so many bytes of batches. */
  readonly indexIntervalBytes: number
  /** `segment.index.bytes`: an index never grows above this; a full one seals its segment. */
  readonly segmentIndexBytes: number
  /** `retention.ms`; -1 keeps for ever. */
  readonly retentionMs: number
  /** `retention.bytes`, per partition; -1 keeps all. */
  readonly retentionBytes: number
  /** `cleanup.policy`. */
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  /** `max.message.bytes`: the largest batch. Whoever validates batches enforces it. */
  readonly maxMessageBytes: number
  /** `message.timestamp.type`: with LogAppendTime the log stamps each batch with the time of its append. */
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  /** `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`: for the validator. */
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  /** `flush.messages`: a sync begins once so many records are unsynced; 1 makes every append `synced`. */
  readonly flushMessages: number
  /** `flush.ms`: no record stays unsynced longer than this. */
  readonly flushMs: number
  /** `file.delete.delay.ms`: how long a `.deleted` file stays, so that a read in flight can end. */
  readonly fileDeleteDelayMs: number
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
  /** `compression.type`: `producer` keeps each batch as it came. Whoever validates batches recompresses. */
  readonly compressionType: string
  /** `compression.gzip.level` and `compression.zstd.level`: for the same. */
  readonly compressionGzipLevel: number
  readonly compressionZstdLevel: number
  readonly minInsyncReplicas: number
  /** `producer.id.expiration.ms` of the broker: an idle producer's state is forgotten after this. */
  readonly producerIdExpirationMs: number
}

/** Kafka 4.3's defaults. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  indexIntervalBytes: 4096,
  segmentIndexBytes: 10_485_760,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  cleanupPolicy: ['delete'],
  maxMessageBytes: 1_048_588,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: NO_LIMIT,
  messageTimestampAfterMaxMs: 3_600_000,
  flushMessages: NO_LIMIT,
  flushMs: NO_LIMIT,
  fileDeleteDelayMs: 60_000,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: NO_LIMIT,
  deleteRetentionMs: 86_400_000,
  compressionType: 'producer',
  compressionGzipLevel: -1,
  compressionZstdLevel: 3,
  minInsyncReplicas: 1,
  producerIdExpirationMs: 86_400_000,
}

/** Bounds of one log that are no topic configs. */
export interface LogLimits {
  /**
   * W of the durability rules: how many bytes of one partition may be written and not synced. Appends beyond it wait.
   * Recovery may cut a torn tail only when no valid batch ends further than this behind the tear.
   */
  readonly writeAheadWindowBytes: number
  /** Appended bytes that wait for their write (behind a roll, or W). Beyond it appends are refused: `queue-full`. */
  readonly maxQueuedBytes: number
  /** Of the newest bytes kept in memory for consumers at the tail, per log and over all logs of a directory. */
  readonly tailCacheBytesPerLog: number
  readonly tailCacheBytesInAll: number
  /** Open files of sealed segments, over all logs of a directory. */
  readonly maxOpenFiles: number
  /** Open files of active segments, over all logs of a directory; more only while they hold unsynced bytes. */
  readonly maxOpenActiveFiles: number
  /** Memory for the indexes of sealed segments, over all logs of a directory. */
  readonly maxIndexBytes: number
}

const MIB = 1024 * 1024

export const DEFAULT_LOG_LIMITS: LogLimits = {
  writeAheadWindowBytes: 64 * MIB,
  maxQueuedBytes: 64 * MIB,
  tailCacheBytesPerLog: 4 * MIB,
  tailCacheBytesInAll: 64 * MIB,
  maxOpenFiles: 512,
  maxOpenActiveFiles: 1_024,
  maxIndexBytes: 32 * MIB,
}

/** Throws an AssertionError when limits contradict each other: they are set by our code, not by users. */
export function checkLogLimits(limits: LogLimits): void {
  assert(limits.writeAheadWindowBytes > 0, 'the write-ahead window must hold something')
  assert(limits.maxQueuedBytes > 0, 'the append queue must hold something')
  assert(
    limits.tailCacheBytesPerLog <= limits.tailCacheBytesInAll,
    'one tail cache must fit into all of them',
  )
  assert(limits.maxOpenFiles > 0, 'a read needs one open file')
  assert(limits.maxOpenActiveFiles > 0, 'an append needs one open file')
}
