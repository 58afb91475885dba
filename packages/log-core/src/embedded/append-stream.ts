import type { Durability } from '../log/append-outcome.ts'
import type { AppendedRecords } from './append-batcher.ts'
import { DURABILITY } from './log-options.ts'
import { aFunction, aSignal, type OptionChecks, wholeNumber } from './option-check.ts'

export interface AppendAllOptions {
  /** Default: what the log was opened with. */
  readonly durability?: Durability
  readonly signal?: AbortSignal
  /** How many records go into a batch at most. Default 1,000. */
  readonly batchRecords?: number
  /** Called after each batch that is as durable as it shall be. */
  readonly onProgress?: (progress: AppendProgress) => void
}

/** What these options may be. */
export const APPEND_ALL_OPTIONS: OptionChecks<AppendAllOptions> = {
  durability: DURABILITY,
  signal: aSignal,
  batchRecords: wholeNumber(1),
  onProgress: aFunction,
}

export interface AppendProgress {
  readonly records: number
  /** Of the newest record of them. */
  readonly lastOffset: number
}

/** The records' own offsets need not join up: others may have appended in between. */
export interface AppendAllResult {
  readonly records: number
  /** -1 when there were none. */
  readonly lastOffset: number
}

type AppendBatch<Input> = (
  records: readonly Input[],
  options: { durability?: Durability; signal?: AbortSignal },
) => Promise<AppendedRecords>

const DEFAULT_BATCH_RECORDS = 1_000
/** While one batch is synced the next ones are gathered: enough to keep the disk busy, little to hold in memory. */
const MOST_IN_FLIGHT = 4

/**
 * Appends a stream in batches and asks for no more records while `MOST_IN_FLIGHT` batches are on their way. When the
 * source, the log or the signal fails, everything before stays appended, and the source is told to stop.
 */
export async function appendStream<Input>(
  appendBatch: AppendBatch<Input>,
  source: AsyncIterable<Input> | Iterable<Input>,
  options: AppendAllOptions,
): Promise<AppendAllResult> {
  const { signal, durability, batchRecords = DEFAULT_BATCH_RECORDS, onProgress } = options
  const batchOptions = {
    ...(durability !== undefined && { durability }),
    ...(signal !== undefined && { signal }),
  }
  const inFlight: Promise<void>[] = []
  let records = 0
  let lastOffset = -1
  let batch: Input[] = []
  const send = (): void => {
    const sent = batch
    batch = []
    const done = appendBatch(sent, batchOptions).then((appended) => {
      records += sent.length
      lastOffset = Math.max(lastOffset, appended.lastOffset)
      onProgress?.({ records, lastOffset })
    })
    // Looked at when its turn comes; until then a failure must not count as unhandled.
    done.catch(() => {})
    inFlight.push(done)
  }
  for await (const record of source) {
    signal?.throwIfAborted()
    batch.push(record)
    if (batch.length < batchRecords) continue
    send()
    if (inFlight.length >= MOST_IN_FLIGHT) await inFlight.shift()
  }
  if (batch.length > 0) send()
  await Promise.all(inFlight)
  return { records, lastOffset }
}
