import type { AppendOutcome, AppendRejection, Durability, PartitionLog } from '@millrace/log-core'
import { ErrorCode } from '@millrace/protocol'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchSizeBytesAt,
  Compression,
  type RecordError,
  type RejectionReason,
  setCreateTime,
  validateProducedBatch,
} from '@millrace/record-batch'
import type { Partition } from './partition.ts'

/** What a producer wants appended to one partition, and under which rules. */
export interface AppendRequest {
  /** The records field of the request: it must be exactly one batch. Belongs to the log when it is appended. */
  readonly records: Buffer | null
  readonly durability: Durability
  readonly produceVersion: number
  readonly nowMs: number
  readonly maxDecompressedBytes: number
}

/** Appended, or refused with what the client is told. */
export type AppendResult =
  | {
      readonly kind: 'appended' | 'duplicate'
      readonly header: BatchHeader
      readonly baseOffset: number
      readonly logAppendTimeMs: number
      readonly committed: Promise<void>
    }
  | {
      readonly kind: 'refused'
      readonly errorCode: number
      readonly message: string
      readonly recordErrors: readonly RecordError[]
    }
  /** The log has no room at the moment: try again when this resolves. Nothing was changed. */
  | { readonly kind: 'full'; readonly whenRoom: Promise<void> }

/** zstd needs Produce 7 (KIP-110). */
const FIRST_VERSION_WITH_ZSTD = 7

/**
 * Validates one batch and appends it. Synchronous from the log end offset that the batch gets to its place
 * in the queue for the disk (invariant P1), so that pipelined batches keep their order.
 */
export function appendToPartition(partition: Partition, request: AppendRequest): AppendResult {
  const log = partition.onlineLog
  if (log === null)
    return refused(ErrorCode.KAFKA_STORAGE_ERROR, partition.failure?.message ?? 'the log is closed')
  const { records } = request
  const shapeProblem = describeShape(records, request.produceVersion)
  if (records === null || shapeProblem !== null) {
    return refused(ErrorCode.INVALID_RECORD, shapeProblem ?? 'no records')
  }
  const { config } = log
  const validated = validateProducedBatch(records, 0, {
    maxMessageBytes: config.maxMessageBytes,
    requireKey: config.cleanupPolicy.includes('compact'),
    timestampType: config.messageTimestampType === 'LogAppendTime' ? 1 : 0,
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    nowMs: request.nowMs,
    maxDecompressedBytes: request.maxDecompressedBytes,
  })
  if (validated.kind === 'rejected') {
    const { reason, message, recordErrors } = validated
    return { kind: 'refused', errorCode: VALIDATION_ERRORS[reason], message, recordErrors }
  }
  if (validated.header.compression === Compression.zstd && request.produceVersion < FIRST_VERSION_WITH_ZSTD) {
    return refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 'zstd needs Produce v7')
  }
  const isCorrected = validated.needsTimestampRewrite && config.messageTimestampType === 'CreateTime'
  const header = isCorrected ? setCreateTime(records, 0, validated.maxTimestampMs) : validated.header
  return toResult(log, header, log.append(records, header, { durability: request.durability }))
}

/** Why the records field cannot be exactly one batch of format 2, as Kafka's ProduceRequest.validateRecords says it. */
function describeShape(records: Buffer | null, version: number): string | null {
  const must = `Produce requests with version ${version} must have`
  if (records === null || records.length < BATCH_HEADER_BYTES)
    return `${must} at least one record batch per partition`
  const sizeBytes = batchSizeBytesAt(records, 0)
  if (sizeBytes > records.length) return `${must} at least one whole record batch per partition`
  // A length that cannot be a batch's is left to the validation, which calls it corrupt.
  if (sizeBytes >= BATCH_HEADER_BYTES && sizeBytes < records.length) {
    return `Produce requests with version ${version} are only allowed to contain exactly one record batch per partition`
  }
  return null
}

function toResult(log: PartitionLog, header: BatchHeader, outcome: AppendOutcome): AppendResult {
  if (outcome.kind !== 'rejected') {
    const { kind, baseOffset, logAppendTimeMs, committed } = outcome
    return { kind, header, baseOffset, logAppendTimeMs, committed }
  }
  if (outcome.reason === 'queue-full') return { kind: 'full', whenRoom: log.whenRoom() }
  return refused(APPEND_ERRORS[outcome.reason], outcome.message)
}

function refused(errorCode: number, message: string): AppendResult {
  return { kind: 'refused', errorCode, message, recordErrors: [] }
}

const VALIDATION_ERRORS: Readonly<Record<RejectionReason, number>> = {
  corrupt: ErrorCode.CORRUPT_MESSAGE,
  'too-large': ErrorCode.MESSAGE_TOO_LARGE,
  'invalid-record': ErrorCode.INVALID_RECORD,
  'invalid-timestamp': ErrorCode.INVALID_TIMESTAMP,
  'unsupported-compression': ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  'unsupported-magic': ErrorCode.INVALID_RECORD,
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
