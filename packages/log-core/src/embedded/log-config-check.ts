import type { LogConfig, LogLimits } from '../log-config.ts'
import { DEFAULT_LOG_LIMITS } from '../log-config.ts'
import { checkOptions, invalidOption, type OptionChecks, oneOf, wholeNumber } from './option-check.ts'

/** The bounds are those of Kafka's topic configs, apart from sizes: a log may have segments as small as it likes. */
const CONFIG: OptionChecks<LogConfig> = {
  segmentBytes: wholeNumber(1),
  segmentMs: wholeNumber(1),
  segmentJitterMs: wholeNumber(0),
  indexIntervalBytes: wholeNumber(0),
  segmentIndexBytes: wholeNumber(4),
  retentionMs: wholeNumber(-1),
  retentionBytes: wholeNumber(-1),
  cleanupPolicy: {
    expected: "an array of 'delete', 'compact' or both",
    accepts: (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((policy) => policy === 'delete' || policy === 'compact'),
  },
  maxMessageBytes: wholeNumber(0),
  messageTimestampType: oneOf('CreateTime', 'LogAppendTime'),
  messageTimestampBeforeMaxMs: wholeNumber(0),
  messageTimestampAfterMaxMs: wholeNumber(0),
  flushMessages: wholeNumber(1),
  flushMs: wholeNumber(0),
  fileDeleteDelayMs: wholeNumber(0),
  minCleanableDirtyRatio: {
    expected: 'a number from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  minCompactionLagMs: wholeNumber(0),
  maxCompactionLagMs: wholeNumber(1),
  deleteRetentionMs: wholeNumber(0),
  compressionType: oneOf('producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'),
  compressionGzipLevel: wholeNumber(-1, 9),
  compressionZstdLevel: wholeNumber(-131_072, 22),
  minInsyncReplicas: wholeNumber(1),
  producerIdExpirationMs: wholeNumber(1),
}

const LIMITS: OptionChecks<LogLimits> = {
  writeAheadWindowBytes: wholeNumber(1),
  maxQueuedBytes: wholeNumber(1),
  tailCacheBytesPerLog: wholeNumber(0),
  tailCacheBytesInAll: wholeNumber(0),
  maxOpenFiles: wholeNumber(1),
  maxOpenActiveFiles: wholeNumber(1),
  maxIndexBytes: wholeNumber(0),
}

/** Refuses a config by the name of what is wrong in it. */
export function checkLogConfig(path: string, config: Partial<LogConfig>): void {
  checkOptions({ of: 'config', path }, config, CONFIG)
}

/** Refuses limits by the name of what is wrong in them. */
export function checkGivenLimits(path: string, limits: Partial<LogLimits>): void {
  checkOptions({ of: 'limits', path }, limits, LIMITS)
  const { tailCacheBytesPerLog, tailCacheBytesInAll } = { ...DEFAULT_LOG_LIMITS, ...limits }
  if (tailCacheBytesPerLog <= tailCacheBytesInAll) return
  const expected = `no more than the ${tailCacheBytesInAll} of tailCacheBytesInAll`
  throw invalidOption(path, 'tailCacheBytesPerLog of limits', { given: tailCacheBytesPerLog, expected })
}
