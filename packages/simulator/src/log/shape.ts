import { DEFAULT_LOG_CONFIG, DEFAULT_LOG_LIMITS, type LogConfig, type LogLimits } from '@millrace/log-core'
import type { Prng } from '../prng.ts'

/** What can go wrong besides crashes. One kind per seed, so that each has its own list of allowed outcomes. */
export type FaultKind = 'none' | 'failing-operation' | 'rot'

/** Everything that a seed decides once, for all of its lives. */
export interface Shape {
  readonly partitionCount: number
  readonly config: LogConfig
  readonly limits: LogLimits
  readonly largestValueBytes: number
  readonly syncedShare: number
  readonly producerShare: number
  readonly largestBurst: number
  readonly stepsPerLife: number
  readonly fault: FaultKind
}

/** Small limits, so that a hundred appends reach every one of them. */
export function drawShape(prng: Prng): Shape {
  const largestValueBytes = prng.pick([20, 150, 700])
  const segmentBytes = prng.pick([700, 2000, 6000, 1_000_000])
  return {
    partitionCount: prng.between(1, 3),
    config: {
      ...DEFAULT_LOG_CONFIG,
      segmentBytes,
      segmentMs: prng.pick([50, DEFAULT_LOG_CONFIG.segmentMs]),
      indexIntervalBytes: prng.pick([0, 300, 4096]),
      retentionBytes: prng.pick([-1, 3 * segmentBytes]),
      retentionMs: prng.pick([-1, 200]),
      flushMessages: prng.pick([DEFAULT_LOG_CONFIG.flushMessages, DEFAULT_LOG_CONFIG.flushMessages, 5]),
      flushMs: prng.pick([DEFAULT_LOG_CONFIG.flushMs, DEFAULT_LOG_CONFIG.flushMs, 20]),
      fileDeleteDelayMs: prng.pick([0, 5, 1000]),
    },
    limits: {
      ...DEFAULT_LOG_LIMITS,
      writeAheadWindowBytes: prng.pick([1024, 4096, 16_384]),
      maxQueuedBytes: prng.pick([2048, 65_536]),
      tailCacheBytesPerLog: prng.pick([1024, 100_000]),
      maxOpenFiles: prng.pick([1, 3, 100]),
      maxIndexBytes: prng.pick([100, 100_000]),
    },
    largestValueBytes,
    syncedShare: prng.pick([0, 0.1, 0.5, 0.9]),
    producerShare: prng.pick([0, 0.5, 1]),
    largestBurst: prng.pick([1, 4, 12]),
    stepsPerLife: prng.pick([8, 25, 60]),
    fault: prng.pick(['none', 'none', 'failing-operation', 'rot']),
  }
}
