import type { LogConfig } from '@millrace/log-core'
import { boolean, type ConfigValue, double, int, LONG_MAX_TEXT, list, long, string } from './config-value.ts'

/**
 * One topic configuration. A row with a `field` works: the log or the produce path obeys it. A row with a
 * `fixedBecause` has no meaning here: it is shown with its default, and any other value is refused with
 * that sentence. There is no third kind, so nothing is stored and ignored.
 */
export interface TopicConfigRow {
  readonly value: ConfigValue<unknown>
  readonly unit: string
  /** The broker configuration that gives the default: what DescribeConfigs tells as its synonym. */
  readonly brokerName: string | null
  readonly field: keyof LogConfig | null
  readonly fixedBecause: string | null
  /** What it does, where it does something. */
  readonly about: string
}

const NOT_TIERED = 'tiered storage is not available'
const ONE_REPLICA = 'partitions are not copied between brokers'

/** Exactly the topic configurations of Kafka 4.3. */
export const topicConfigTable: Readonly<Record<string, TopicConfigRow>> = {
  'cleanup.policy': works(
    'cleanupPolicy',
    'What happens to old records: they are deleted by age and size, compacted by key, or both.',
    'list',
    list(['delete'], ['compact', 'delete']),
    'log.cleanup.policy',
  ),
  'compression.gzip.level': works(
    'compressionGzipLevel',
    'How hard gzip compresses, where the topic compresses with gzip: 1 to 9, or -1 for its default.',
    'level',
    int(-1, { min: 1, max: 9, or: -1 }),
    'compression.gzip.level',
  ),
  'compression.lz4.level': fixed(int(9), 'compression.lz4.level', 'lz4 has one level here'),
  'compression.type': works(
    'compressionType',
    'The codec under which batches are kept; producer keeps each as it came.',
    'codec',
    string('producer', ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer']),
    'compression.type',
  ),
  'compression.zstd.level': works(
    'compressionZstdLevel',
    'How hard zstd compresses, where the topic compresses with zstd.',
    'level',
    int(3, { min: -131_072, max: 22 }),
    'compression.zstd.level',
  ),
  'delete.retention.ms': works(
    'deleteRetentionMs',
    'How long a compacted topic keeps tombstones.',
    'ms',
    long(86_400_000, { min: 0 }),
    'log.cleaner.delete.retention.ms',
  ),
  'file.delete.delay.ms': works(
    'fileDeleteDelayMs',
    'How long the files of deleted segments stay.',
    'ms',
    long(60_000, { min: 0 }),
    'log.segment.delete.delay.ms',
  ),
  'flush.messages': works(
    'flushMessages',
    'A sync begins once so many records are unsynced. acks=all is synced whatever this says.',
    'records',
    long(LONG_MAX_TEXT, { min: 1 }),
    'log.flush.interval.messages',
  ),
  'flush.ms': works(
    'flushMs',
    'No record stays unsynced for longer. acks=all is synced whatever this says.',
    'ms',
    long(LONG_MAX_TEXT, { min: 0 }),
    'log.flush.interval.ms',
  ),
  'follower.replication.throttled.replicas': fixed(list<string>([]), null, ONE_REPLICA),
  'index.interval.bytes': works(
    'indexIntervalBytes',
    'One index entry for so many bytes of batches.',
    'bytes',
    int(4096, { min: 0 }),
    'log.index.interval.bytes',
  ),
  'leader.replication.throttled.replicas': fixed(list<string>([]), null, ONE_REPLICA),
  'local.retention.bytes': fixed(long(-2, { min: -2 }), 'log.local.retention.bytes', NOT_TIERED),
  'local.retention.ms': fixed(long(-2, { min: -2 }), 'log.local.retention.ms', NOT_TIERED),
  'max.compaction.lag.ms': works(
    'maxCompactionLagMs',
    'A record is compacted this long after its append at the latest.',
    'ms',
    long(LONG_MAX_TEXT, { min: 1 }),
    'log.cleaner.max.compaction.lag.ms',
  ),
  'max.message.bytes': works(
    'maxMessageBytes',
    'Largest record batch, compressed.',
    'bytes',
    int(1_048_588, { min: 0 }),
    'message.max.bytes',
  ),
  'message.timestamp.after.max.ms': works(
    'messageTimestampAfterMaxMs',
    'How far ahead of the broker a record may be.',
    'ms',
    long(3_600_000, { min: 0 }),
    'log.message.timestamp.after.max.ms',
  ),
  'message.timestamp.before.max.ms': works(
    'messageTimestampBeforeMaxMs',
    'How old a record may be when it arrives.',
    'ms',
    long(LONG_MAX_TEXT, { min: 0 }),
    'log.message.timestamp.before.max.ms',
  ),
  'message.timestamp.type': works(
    'messageTimestampType',
    'Whether records keep the time of their producer, or get that of their append.',
    'name',
    string('CreateTime', ['CreateTime', 'LogAppendTime']),
    'log.message.timestamp.type',
  ),
  'min.cleanable.dirty.ratio': works(
    'minCleanableDirtyRatio',
    'Which part of a log must be dirty before it is compacted.',
    'ratio',
    double(0.5, { min: 0, max: 1 }),
    'log.cleaner.min.cleanable.ratio',
  ),
  'min.compaction.lag.ms': works(
    'minCompactionLagMs',
    'A record stays as it is for this long.',
    'ms',
    long(0, { min: 0 }),
    'log.cleaner.min.compaction.lag.ms',
  ),
  'min.insync.replicas': works(
    'minInsyncReplicas',
    'acks=all is refused where fewer brokers than this share the partition.',
    'replicas',
    int(1, { min: 1 }),
    'min.insync.replicas',
  ),
  preallocate: fixed(boolean(false), 'log.preallocate', 'a tail of zeros could not be told from damage'),
  'remote.log.copy.disable': fixed(boolean(false), null, NOT_TIERED),
  'remote.log.delete.on.disable': fixed(boolean(false), null, NOT_TIERED),
  'remote.storage.enable': fixed(boolean(false), null, NOT_TIERED),
  'retention.bytes': works(
    'retentionBytes',
    'Oldest segments go while a partition is larger; -1: no limit.',
    'bytes',
    long(-1),
    'log.retention.bytes',
  ),
  'retention.ms': works(
    'retentionMs',
    'Segments go when their newest record is older; -1: for ever.',
    'ms',
    long(604_800_000, { min: -1 }),
    'log.retention.ms',
  ),
  'segment.bytes': works(
    'segmentBytes',
    'A segment is sealed before it grows above this. Kafka: at least 1048576.',
    'bytes',
    int(1_073_741_824, { min: 1024 }),
    'log.segment.bytes',
  ),
  'segment.index.bytes': works(
    'segmentIndexBytes',
    'A segment is sealed before its index grows above this.',
    'bytes',
    int(10_485_760, { min: 4 }),
    'log.index.size.max.bytes',
  ),
  'segment.jitter.ms': works(
    'segmentJitterMs',
    'Taken off segment.ms, by another amount for each segment.',
    'ms',
    long(0, { min: 0 }),
    'log.roll.jitter.ms',
  ),
  'segment.ms': works(
    'segmentMs',
    'A segment is sealed when its first record is this much older than the next one.',
    'ms',
    long(604_800_000, { min: 1 }),
    'log.roll.ms',
  ),
  'unclean.leader.election.enable': fixed(boolean(false), 'unclean.leader.election.enable', ONE_REPLICA),
}

function works(
  field: keyof LogConfig,
  about: string,
  unit: string,
  value: ConfigValue<unknown>,
  brokerName: string | null,
): TopicConfigRow {
  return { value, unit, brokerName, field, fixedBecause: null, about }
}

function fixed(value: ConfigValue<unknown>, brokerName: string | null, because: string): TopicConfigRow {
  return { value, unit: '', brokerName, field: null, fixedBecause: because, about: '' }
}
