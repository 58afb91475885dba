import { DEFAULT_LOG_CONFIG, type LogConfig, NO_LIMIT } from '@millrace/log-core'
import type { BrokerConfig } from './broker-config.ts'
import { InvalidConfigError, invalidConfig, readConfig } from './config-value.ts'
import { nearestNameHint } from './nearest-name.ts'
import { topicConfigTable } from './topic-config-table.ts'

const MS_PER_MINUTE = 60_000
const MS_PER_HOUR = 3_600_000

/** What a topic without configs of its own gets: the broker's defaults. */
export function defaultLogConfig(config: BrokerConfig): LogConfig {
  return {
    ...DEFAULT_LOG_CONFIG,
    segmentBytes: config['log.segment.bytes'],
    segmentMs: config['log.roll.ms'] ?? config['log.roll.hours'] * MS_PER_HOUR,
    segmentJitterMs: config['log.roll.jitter.ms'] ?? config['log.roll.jitter.hours'] * MS_PER_HOUR,
    indexIntervalBytes: config['log.index.interval.bytes'],
    segmentIndexBytes: config['log.index.size.max.bytes'],
    retentionMs: retentionMs(config),
    retentionBytes: config['log.retention.bytes'],
    maxMessageBytes: config['message.max.bytes'],
    messageTimestampType: config['log.message.timestamp.type'] as LogConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: config['log.message.timestamp.before.max.ms'],
    messageTimestampAfterMaxMs: config['log.message.timestamp.after.max.ms'],
    flushMessages: config['log.flush.interval.messages'],
    flushMs: config['log.flush.interval.ms'] ?? NO_LIMIT,
    fileDeleteDelayMs: config['log.segment.delete.delay.ms'],
    compressionType: config['compression.type'],
    compressionGzipLevel: config['compression.gzip.level'],
    compressionZstdLevel: config['compression.zstd.level'],
    cleanupPolicy: config['log.cleanup.policy'],
    deleteRetentionMs: config['log.cleaner.delete.retention.ms'],
    maxCompactionLagMs: config['log.cleaner.max.compaction.lag.ms'],
    minCompactionLagMs: config['log.cleaner.min.compaction.lag.ms'],
    minCleanableDirtyRatio: config['log.cleaner.min.cleanable.ratio'],
    minInsyncReplicas: config['min.insync.replicas'],
    producerIdExpirationMs: config['producer.id.expiration.ms'],
  }
}

/** The configuration of one topic: its own settings, which were checked, over the defaults. */
export function topicLogConfig(defaults: LogConfig, configs: Readonly<Record<string, string>>): LogConfig {
  const changed: Partial<Record<keyof LogConfig, unknown>> = {}
  for (const [name, text] of Object.entries(configs)) {
    const row = topicConfigTable[name]
    if (row?.field) changed[row.field] = row.value.parse(text)
  }
  // The table's values have the types of the fields they name: topic-config.test.ts holds it to that.
  return { ...defaults, ...(changed as Partial<LogConfig>) }
}

/**
 * Checks what somebody wants to set on a topic over the broker's defaults. Throws InvalidConfigError with the reason: an unknown
 * name, a value that cannot be, or a value that would have no effect here.
 */
export function checkTopicConfigs(defaults: LogConfig, configs: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(configs)) checkTopicConfig(name, text)
  checkCompactionLags(topicLogConfig(defaults, configs))
}

/** As Kafka's `LogConfig.validateTopicLogConfigValues`. */
function checkCompactionLags({ maxCompactionLagMs, minCompactionLagMs }: LogConfig): void {
  const [least, most] = ['min.compaction.lag.ms', 'max.compaction.lag.ms'] as const
  if (minCompactionLagMs <= maxCompactionLagMs) return
  throw new InvalidConfigError(
    `conflict topic config setting ${least} (${minCompactionLagMs}) > ${most} (${maxCompactionLagMs})`,
  )
}

function checkTopicConfig(name: string, text: string): void {
  const row = Object.hasOwn(topicConfigTable, name) ? topicConfigTable[name] : undefined
  if (row === undefined) {
    const hint = nearestNameHint(name, Object.keys(topicConfigTable))
    throw new InvalidConfigError(`Unknown topic config name: ${name}${hint}`)
  }
  const value = readConfig(name, row.value, text)
  if (row.fixedBecause === null || String(value) === String(row.value.defaultValue)) return
  throw invalidConfig(name, text, row.fixedBecause)
}

function retentionMs(config: BrokerConfig): number {
  const ms = config['log.retention.ms']
  if (ms !== null) return ms
  const minutes = config['log.retention.minutes'] ?? config['log.retention.hours'] * 60
  return minutes < 0 ? -1 : minutes * MS_PER_MINUTE
}
