import { buildBatch, readBatchHeader, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { LogDirectory, type LogDirectoryOptions } from '../directory/log-directory.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import type { AppendOutcome, Durability } from '../log/append-outcome.ts'
import type { LogSlice } from '../log/log-slice.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts'
import { ManualClock } from './manual-clock.ts'

export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** A batch of records whose values are the given texts. */
export function batchOf(
  values: readonly string[],
  fields: Parameters<typeof buildBatch>[1] & { timestampMs?: number; key?: string } = {},
): Buffer {
  const { timestampMs = 1_000, key = null, ...batchFields } = fields
  const records = values.map((value) => ({
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    timestampMs,
  }))
  return buildBatch(records, batchFields)
}

export function appendTo(log: PartitionLog, batch: Buffer, durability: Durability = 'synced'): AppendOutcome {
  return log.append(batch, readBatchHeader(batch), { durability })
}

/** Appends and waits; returns the base offset. */
export async function appendValues(
  log: PartitionLog,
  values: readonly string[],
  fields: Parameters<typeof batchOf>[1] & { durability?: Durability } = {},
): Promise<number> {
  const { durability, ...batchFields } = fields
  const outcome = appendTo(log, batchOf(values, batchFields), durability)
  if (outcome.kind === 'rejected') throw new Error(`${outcome.reason}: ${outcome.message}`)
  await outcome.committed
  return outcome.baseOffset
}

/** The values of all records in a slice, with their offsets. */
export function valuesIn(slice: LogSlice): [number, string][] {
  return slice.buffers.flatMap((buffer) =>
    [...scanBatches(buffer)].flatMap(({ position }) =>
      readBatchRecords(buffer, position).map(({ offset, value }): [number, string] => [
        offset,
        String(value),
      ]),
    ),
  )
}

/** Everything from `offset` to the high watermark. */
export async function readAll(log: PartitionLog, offset = log.logStartOffset): Promise<[number, string][]> {
  const found: [number, string][] = []
  for (let next = offset; next < log.highWatermark; ) {
    const slice = await log.read({
      offset: next,
      maxBytes: 1_000_000,
      isFirstBatchWhole: true,
      limit: 'high-watermark',
    })
    const values = valuesIn(slice).filter(([at]) => at >= next)
    if (values.length === 0) break
    found.push(...values)
    next = (found.at(-1)?.[0] ?? next) + 1
  }
  return found
}

export interface Fixture {
  readonly fs: FileSystem
  readonly clock: ManualClock
  readonly directory: LogDirectory
  openLog(config?: Partial<LogConfig>): Promise<PartitionLog>
}

export async function openFixture(
  options: Partial<LogDirectoryOptions> & { fs?: FileSystem; path?: string } = {},
): Promise<Fixture> {
  const { fs = memoryFileSystem(), path = '/data', ...rest } = options
  const clock = new ManualClock()
  const directory = await LogDirectory.open(fs, path, { clock, ...rest })
  return {
    fs,
    clock,
    directory,
    openLog: (config) =>
      directory.openLog({
        topic: 'flights',
        partition: 0,
        topicId: TOPIC_ID,
        config: { ...DEFAULT_LOG_CONFIG, ...config },
      }),
  }
}
