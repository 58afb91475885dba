import { strict as assert } from 'node:assert'
import {
  DEFAULT_LOG_CONFIG,
  type LogConfig,
  LogDirectory,
  type LogLimits,
  nodeClock,
  nodeFileSystem,
  type PartitionLog,
} from '@millrace/log-core'
import { buildBatch, readBatchHeader } from '@millrace/record-batch'
import { makeRecords } from '../harness/records.ts'

/** The name under which `openLog` finds it. */
const TOPIC = { topic: 'log', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }
export const FIRST_TIMESTAMP_MS = 1_700_000_000_000

/** One log of a directory that is open, and both of them. */
export interface StoredLog extends AsyncDisposable {
  readonly log: PartitionLog
  readonly directory: LogDirectory
}

/** Opens the only log of a directory, or begins one. */
export async function openStoredLog(
  path: string,
  { limits = {}, config = DEFAULT_LOG_CONFIG }: { limits?: Partial<LogLimits>; config?: LogConfig } = {},
): Promise<StoredLog> {
  const directory = await LogDirectory.open(nodeFileSystem(), path, { clock: nodeClock(), limits })
  const log = await directory.openLog({ ...(directory.partitionDirectories()[0] ?? TOPIC), config })
  return { log, directory, [Symbol.asyncDispose]: () => directory.close() }
}

/** Appends batches of 100-byte records until the log holds so many bytes; record `n` has the time `FIRST + n`. */
export async function fillLog(
  log: PartitionLog,
  { bytes, recordsPerBatch }: { bytes: number; recordsPerBatch: number },
): Promise<void> {
  const records = makeRecords({ count: recordsPerBatch, valueBytes: 100, hasKeys: false })
  for (let written = 0; written < bytes; ) {
    const timestampMs = FIRST_TIMESTAMP_MS + log.logEndOffset
    const batch = buildBatch(
      records.map((record, index) => ({ ...record, timestampMs: timestampMs + index })),
    )
    written += batch.length
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'written' })
    if (outcome.kind === 'rejected' && outcome.reason === 'queue-full') await log.whenRoom()
    else assert(outcome.kind === 'appended', 'the log took the batch')
    if (!log.hasRoom) await log.whenRoom()
  }
  await log.flush()
}
