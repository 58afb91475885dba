import type { CompactionResult } from '../compaction/log-compactor.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { StorageLogger } from '../log/storage-logger.ts'

export interface DirectoryCompactionOptions {
  readonly nowMs: number
  /** Of one core, above 0; 1, the default, never rests. */
  readonly share?: number
  /** For the map of keys: `log.cleaner.dedupe.buffer.size`. */
  readonly memoryBytes?: number
  /** Compacts whatever is dirty, due or not. */
  readonly isForced?: boolean
}

/** What became of one log. */
export interface CompactedLog {
  readonly topic: string
  readonly partition: number
  /** The passes that were made. */
  readonly passes: readonly CompactionResult[]
  /** Why there were no more. */
  readonly error: StorageError | null
}

/**
 * Compacts the logs that are due, the dirtiest first, one after the other. A log that fails is reported, and the
 * others get their turn.
 */
export async function compactLogs(
  logs: readonly PartitionLog[],
  options: DirectoryCompactionOptions & { randomSeed: () => number; logger: StorageLogger },
): Promise<CompactedLog[]> {
  const due = logs
    .map((log) => ({ log, plan: log.compactionPlan(options.nowMs) }))
    .filter(({ plan }) => plan !== null && plan.dirtyBytes > 0 && (plan.isDue || options.isForced === true))
    .sort((a, b) => (b.plan?.dirtyRatio ?? 0) - (a.plan?.dirtyRatio ?? 0))
  const compacted: CompactedLog[] = []
  for (const { log } of due) {
    const { passes, error } = await compactLog(log, options)
    const { topic, partition } = log
    if (error !== null)
      options.logger.error({ topic, partition, code: error.code }, `not compacted: ${error.message}`)
    compacted.push({ topic, partition, passes, error })
  }
  return compacted
}

/** As many passes as the memory for keys needs. */
async function compactLog(
  log: PartitionLog,
  options: DirectoryCompactionOptions & { randomSeed: () => number; logger: StorageLogger },
): Promise<{ passes: CompactionResult[]; error: StorageError | null }> {
  const passes: CompactionResult[] = []
  const { topic, partition } = log
  try {
    for (;;) {
      const { share = 1, memoryBytes, nowMs } = options
      const memory = memoryBytes === undefined ? {} : { memoryBytes }
      const result = await log.compact({ nowMs, share, ...memory, seed: options.randomSeed() })
      if (result === null) break
      passes.push(result)
      options.logger.info({ topic, partition, ...result }, 'compacted')
      if (!result.isMoreLeft) break
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    return { passes, error }
  }
  return { passes, error: null }
}
