import type { AppendRejection, Durability } from '@millrace/log-core'
import { ErrorCode } from '@millrace/protocol'
import type { BatchHeader } from '@millrace/record-batch'
import { type CheckedBatch, type Refusal, refused } from './batch-check.ts'
import type { Partition } from './partition.ts'

/** Appended, or refused with what the client is told. */
export type AppendResult =
  | {
      readonly kind: 'appended' | 'duplicate'
      readonly header: BatchHeader
      readonly baseOffset: number
      readonly logAppendTimeMs: number
      readonly committed: Promise<void>
    }
  | Refusal
  /** The log has no room at the moment: try again when this resolves. Nothing was changed. */
  | { readonly kind: 'full'; readonly whenRoom: Promise<void> }

/**
 * Appends a batch that was checked. Synchronous from the log end offset that the batch gets to its place in the
 * queue for the disk (invariant P1), so that pipelined batches keep their order. The batch is the log's afterwards.
 */
export function appendToPartition(
  partition: Partition,
  { batch, header }: CheckedBatch,
  options: { readonly durability: Durability; readonly ownsMemory: boolean },
): AppendResult {
  const log = partition.onlineLog
  if (log === null) return refusedOffline(partition)
  const outcome = log.append(batch, header, options)
  if (outcome.kind !== 'rejected') {
    const { kind, baseOffset, logAppendTimeMs, committed } = outcome
    return { kind, header, baseOffset, logAppendTimeMs, committed }
  }
  if (outcome.reason === 'queue-full') return { kind: 'full', whenRoom: log.whenRoom() }
  return refused(APPEND_ERRORS[outcome.reason], outcome.message)
}

/** What is told while the partition's log cannot be written. */
export function refusedOffline({ failure }: Partition): Refusal {
  return refused(ErrorCode.KAFKA_STORAGE_ERROR, failure?.message ?? 'the log is closed')
}

/** Trap 18: 46 and 59 are best never returned. Trap 11: always 47 from Produce, never 90. */
const APPEND_ERRORS: Readonly<Record<Exclude<AppendRejection, 'queue-full'>, number>> = {
  'out-of-order-sequence': ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  'invalid-producer-epoch': ErrorCode.INVALID_PRODUCER_EPOCH,
  offline: ErrorCode.KAFKA_STORAGE_ERROR,
  'disk-full': ErrorCode.KAFKA_STORAGE_ERROR,
  // The topic is being deleted, or the broker is closing: look for the leader again.
  closed: ErrorCode.NOT_LEADER_OR_FOLLOWER,
}
