import type { LogConfig } from '@millrace/log-core'
import { ErrorCode } from '@millrace/protocol'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchSizeBytesAt,
  Compression,
  type CompressionId,
  freeMemory,
  type RecordError,
  type RejectionReason,
  readBatchHeader,
  recompressBatch,
  setCreateTime,
  type ValidationResult,
  type ValidationRules,
  validateProducedBatch,
  validateProducedBatchAsync,
} from '@millrace/record-batch'
import type { Limits } from '../limits.ts'

/** What a producer sent for one partition, and what it must hold to. */
export interface BatchCheckRequest {
  /** The records field of the request: it must be exactly one batch. */
  readonly records: Buffer | null
  readonly produceVersion: number
  readonly nowMs: number
  readonly config: LogConfig
  readonly limits: Limits
}

/** What a client is told when its batch is not appended. */
export interface Refusal {
  readonly kind: 'refused'
  readonly errorCode: number
  readonly message: string
  readonly recordErrors: readonly RecordError[]
}

/** A batch as it is to be appended. */
export interface CheckedBatch {
  readonly kind: 'checked'
  readonly batch: Buffer
  readonly header: BatchHeader
}

/** zstd needs Produce 7 (KIP-110). */
const FIRST_VERSION_WITH_ZSTD = 7
/** Formats 0 and 1 are known, and too old; what lies outside is none at all. */
const NEWEST_MAGIC = 2
const MAGIC_AT = 16
const ATTRIBUTES_LOW_BYTE_AT = 22
const COMPRESSION_MASK = 0x07

/**
 * Validates a batch as Kafka 4.3 does, and brings it into the form that its topic keeps. At once, unless the batch
 * is to be recompressed, or is so large that it is decompressed on the thread pool.
 */
export function checkBatch(
  request: BatchCheckRequest,
): CheckedBatch | Refusal | Promise<CheckedBatch | Refusal> {
  const { config, limits, records } = request
  const shapeProblem = describeShape(records, request.produceVersion)
  if (records === null || shapeProblem !== null) {
    return refused(ErrorCode.INVALID_RECORD, shapeProblem ?? 'no records')
  }
  const magic = records.readInt8(MAGIC_AT)
  if (magic < 0 || magic > NEWEST_MAGIC) {
    return refused(ErrorCode.CORRUPT_MESSAGE, `Invalid magic found in record: ${magic}`)
  }
  const rules = rulesOf(request)
  const codec = records.readUInt8(ATTRIBUTES_LOW_BYTE_AT) & COMPRESSION_MASK
  const target = targetCodecOf(config)
  const isLarge = codec !== Compression.none && records.length > limits.offLoopCompressedBytes
  if (!isLarge && (target === null || target === codec)) {
    const validated = validateProducedBatch(records, 0, rules)
    const concluded = conclude(request, records, validated)
    freeDecompressed(validated, records)
    return concluded
  }
  const validating = isLarge
    ? validateProducedBatchAsync(records, 0, rules)
    : Promise.resolve(validateProducedBatch(records, 0, rules))
  return validating.then(async (validated) => {
    try {
      const concluded = conclude(request, records, validated)
      if (
        validated.kind === 'rejected' ||
        concluded.kind === 'refused' ||
        target === null ||
        target === codec
      ) {
        return concluded
      }
      const decompressed = validated.decompressed ?? records.subarray(BATCH_HEADER_BYTES)
      return await recompress(concluded.batch, decompressed, target, config)
    } finally {
      freeDecompressed(validated, records)
    }
  })
}

/**
 * Nobody reads the decompressed records again, and under load they are more garbage than all else together. What a
 * codec stored as it is (lz4 blocks) is a view of the batch, which is kept.
 */
function freeDecompressed(validated: ValidationResult, batch: Buffer): void {
  if (validated.kind === 'rejected' || validated.decompressed === null) return
  if (validated.decompressed.buffer !== batch.buffer) freeMemory(validated.decompressed)
}

function rulesOf({ config, limits, nowMs }: BatchCheckRequest): ValidationRules {
  return {
    maxMessageBytes: config.maxMessageBytes,
    requireKey: config.cleanupPolicy.includes('compact'),
    timestampType: config.messageTimestampType === 'LogAppendTime' ? 1 : 0,
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    nowMs,
    maxDecompressedBytes: limits.maxDecompressedBytes,
  }
}

/** null: batches are kept as producers compressed them. */
function targetCodecOf({ compressionType }: LogConfig): CompressionId | null {
  switch (compressionType) {
    case 'producer':
      return null
    case 'gzip':
    case 'snappy':
    case 'lz4':
    case 'zstd':
      return Compression[compressionType]
    default:
      return Compression.none
  }
}

function conclude(
  { config, produceVersion }: BatchCheckRequest,
  batch: Buffer,
  validated: ValidationResult,
): CheckedBatch | Refusal {
  if (validated.kind === 'rejected') {
    const { reason, message, recordErrors } = validated
    return { kind: 'refused', errorCode: VALIDATION_ERRORS[reason], message, recordErrors }
  }
  if (validated.header.compression === Compression.zstd && produceVersion < FIRST_VERSION_WITH_ZSTD) {
    return refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 'zstd needs Produce v7')
  }
  const isCorrected = validated.needsTimestampRewrite && config.messageTimestampType === 'CreateTime'
  const header = isCorrected ? setCreateTime(batch, 0, validated.maxTimestampMs) : validated.header
  return { kind: 'checked', batch, header }
}

/** The limit of the topic counts for what is kept, too: Kafka's "after compression". */
async function recompress(
  batch: Buffer,
  records: Buffer,
  target: CompressionId,
  config: LogConfig,
): Promise<CheckedBatch | Refusal> {
  const levels = { gzip: config.compressionGzipLevel, zstd: config.compressionZstdLevel }
  const recompressed = await recompressBatch(batch, records, { compression: target, levels })
  if (recompressed.length > config.maxMessageBytes) {
    return refused(
      ErrorCode.MESSAGE_TOO_LARGE,
      `a batch of ${recompressed.length} bytes after its compression, the topic takes ${config.maxMessageBytes}`,
    )
  }
  return { kind: 'checked', batch: recompressed, header: readBatchHeader(recompressed) }
}

/** Why the records field cannot be exactly one batch of format 2, as Kafka's ProduceRequest.validateRecords says it. */
function describeShape(records: Buffer | null, version: number): string | null {
  const must = `Produce requests with version ${version} must have`
  if (records === null || records.length < BATCH_HEADER_BYTES) {
    return `${must} at least one record batch per partition`
  }
  const sizeBytes = batchSizeBytesAt(records, 0)
  if (sizeBytes > records.length) return `${must} at least one whole record batch per partition`
  // A length that cannot be a batch's is left to the validation, which calls it corrupt.
  if (sizeBytes >= BATCH_HEADER_BYTES && sizeBytes < records.length) {
    return `Produce requests with version ${version} are only allowed to contain exactly one record batch per partition`
  }
  return null
}

/** A refusal of the batch as a whole. */
export function refused(errorCode: number, message: string): Refusal {
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
