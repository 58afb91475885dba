import { BATCH_HEADER_BYTES, type BatchHeader, readBatchHeader } from './batch-header.ts'
import { verifyBatchCrc } from './batch-stamp.ts'
import { decompress, decompressAsync } from './compression.ts'
import { type BatchErrorCode, CorruptBatchError } from './corrupt-batch-error.ts'
import { RecordCursor } from './record-cursor.ts'
import { openRecords } from './record-reader.ts'

/** What a partition demands of a batch from a producer. Times and limits in ms; Infinity lifts a limit. */
export interface ValidationRules {
  /** `max.message.bytes`: of the whole batch as it came. */
  readonly maxMessageBytes: number
  /** The topic is compacted, so a record without a key has no meaning. */
  readonly requireKey: boolean
  /** 0: the producer's times count and are checked. 1: the broker's time replaces them. */
  readonly timestampType: 0 | 1
  /** `message.timestamp.before.max.ms` */
  readonly timestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms` */
  readonly timestampAfterMaxMs: number
  readonly nowMs: number
  readonly maxDecompressedBytes: number
}

/** Why a batch was refused; the Kafka error that it becomes in brackets. */
export type RejectionReason =
  /** The bytes are no batch, or the CRC is another (CORRUPT_MESSAGE). */
  | 'corrupt'
  /** More than `maxMessageBytes`, or than `maxDecompressedBytes` when decompressed (MESSAGE_TOO_LARGE). */
  | 'too-large'
  /** A claim of the header or a record does not hold (INVALID_RECORD). */
  | 'invalid-record'
  /** A time is out of the topic's range (INVALID_TIMESTAMP). */
  | 'invalid-timestamp'
  /** A codec that Kafka has not defined, or that this installation lacks (UNSUPPORTED_COMPRESSION_TYPE). */
  | 'unsupported-compression'
  /** Message formats 0 and 1, which Kafka 4 no longer takes (INVALID_RECORD there). */
  | 'unsupported-magic'

/** One record that is to blame, by its place in the batch. */
export interface RecordError {
  readonly batchIndex: number
  readonly message: string
}

/** The outcome for one batch. */
export type ValidationResult =
  | {
      readonly kind: 'ok'
      readonly header: BatchHeader
      /** The highest time among the records, or `nowMs` under log append time. Not the header's claim. */
      readonly maxTimestampMs: number
      /** The first offset with that time, on the producer's count, which starts at 0. */
      readonly offsetOfMaxTimestamp: number
      /**
       * The header does not say so yet: before the append `setLogAppendTime` or `setCreateTime`, as the
       * topic has it, must put `maxTimestampMs` into it; `header` is then out of date. Always so under log append time.
       */
      readonly needsTimestampRewrite: boolean
      /**
       * The records of a compressed batch, decompressed: in memory of their own, or a view of the batch where its codec
       * stored them as they are. null when it was not compressed.
       */
      readonly decompressed: Buffer | null
    }
  | {
      readonly kind: 'rejected'
      readonly reason: RejectionReason
      readonly message: string
      readonly recordErrors: readonly RecordError[]
    }

/** A batch of a million keyless records needs no million messages. */
export const MAX_RECORD_ERRORS = 100

/**
 * Judges one batch from a producer, as Kafka 4.3 does (LogValidator, UnifiedLog): size, format, CRC,
 * then every record once. Nothing is copied unless the batch is compressed, and then at most
 * `maxDecompressedBytes` are allocated. `position` must be where the batch starts; what follows it is
 * the caller's business.
 */
export function validateProducedBatch(
  buffer: Buffer,
  position: number,
  rules: ValidationRules,
): ValidationResult {
  try {
    const header = readBatchHeader(buffer, position)
    const refusal = refuseBatch(buffer, position, header, rules)
    if (refusal !== null) return refusal
    if (header.compression === 0)
      return validateRecords(openRecords(buffer, position, header), header, rules, null)
    const records = recordBytes(buffer, position, header)
    return validateDecompressed(
      decompress(header.compression, records, rules.maxDecompressedBytes),
      header,
      rules,
    )
  } catch (error) {
    return rejectedBy(error)
  }
}

/**
 * As `validateProducedBatch`, with the decompression on the thread pool: for batches so large that the event loop
 * should not wait for it. The batch must not change meanwhile.
 */
export async function validateProducedBatchAsync(
  buffer: Buffer,
  position: number,
  rules: ValidationRules,
): Promise<ValidationResult> {
  try {
    const header = readBatchHeader(buffer, position)
    const refusal = refuseBatch(buffer, position, header, rules)
    if (refusal !== null) return refusal
    if (header.compression === 0)
      return validateRecords(openRecords(buffer, position, header), header, rules, null)
    const records = recordBytes(buffer, position, header)
    const bytes = await decompressAsync(header.compression, records, rules.maxDecompressedBytes)
    return validateDecompressed(bytes, header, rules)
  } catch (error) {
    return rejectedBy(error)
  }
}

function recordBytes(buffer: Buffer, position: number, header: BatchHeader): Buffer {
  return buffer.subarray(position + BATCH_HEADER_BYTES, position + header.sizeBytes)
}

function validateDecompressed(bytes: Buffer, header: BatchHeader, rules: ValidationRules): ValidationResult {
  return validateRecords(
    new RecordCursor({ bytes, start: 0, end: bytes.length }, header),
    header,
    rules,
    bytes,
  )
}

function rejectedBy(error: unknown): ValidationResult {
  if (error instanceof CorruptBatchError) return rejected(REASONS[error.code], error.message)
  throw error
}

/** Damage on the way is `corrupt`, which clients retry; a contradiction under a right CRC is the producer's own. */
const REASONS: Readonly<Record<BatchErrorCode, RejectionReason>> = {
  TRUNCATED: 'corrupt',
  INVALID_LENGTH: 'corrupt',
  CRC_MISMATCH: 'corrupt',
  UNSUPPORTED_MAGIC: 'unsupported-magic',
  UNSUPPORTED_COMPRESSION: 'unsupported-compression',
  OUT_OF_RANGE: 'invalid-record',
  INVALID_RECORD: 'invalid-record',
  COUNT_MISMATCH: 'invalid-record',
  INVALID_COMPRESSED_DATA: 'invalid-record',
  TOO_LARGE: 'too-large',
}

function refuseBatch(
  buffer: Buffer,
  position: number,
  header: BatchHeader,
  rules: ValidationRules,
): ValidationResult | null {
  const { sizeBytes, baseOffset, lastOffsetDelta, recordCount, producerId, baseSequence } = header
  if (sizeBytes > buffer.length - position) {
    return rejected('corrupt', `a batch of ${sizeBytes} bytes, found ${buffer.length - position}`)
  }
  if (sizeBytes > rules.maxMessageBytes) {
    return rejected('too-large', `a batch of ${sizeBytes} bytes, the topic takes ${rules.maxMessageBytes}`)
  }
  if (!verifyBatchCrc(buffer, position, sizeBytes))
    return rejected('corrupt', 'the CRC does not match the batch')
  if (baseOffset !== 0) return rejected('invalid-record', `base offset ${baseOffset}, producers start at 0`)
  if (recordCount === 0) return rejected('invalid-record', 'a batch without records')
  if (recordCount !== lastOffsetDelta + 1) {
    return rejected('invalid-record', `${recordCount} records, but a last offset delta of ${lastOffsetDelta}`)
  }
  if (header.isControl) return rejected('invalid-record', 'clients may not write control records')
  if (producerId >= 0 && baseSequence < 0) {
    return rejected('invalid-record', `producer ${producerId} with sequence ${baseSequence}`)
  }
  // On a topic with create time Kafka takes such a batch and clears the bit; so do we.
  if (header.timestampType === 1 && rules.timestampType === 1) {
    return rejected('invalid-timestamp', 'log append time is for the broker to set')
  }
  return null
}

function validateRecords(
  cursor: RecordCursor,
  header: BatchHeader,
  rules: ValidationRules,
  decompressed: Buffer | null,
): ValidationResult {
  const checksTime = rules.timestampType === 0
  const earliestMs = rules.nowMs - rules.timestampBeforeMaxMs
  const latestMs = Math.min(rules.nowMs + rules.timestampAfterMaxMs, Number.MAX_SAFE_INTEGER)
  const errors = new RecordErrors()
  let maxTimestampMs = -1
  let indexOfMax = 0
  while (cursor.next()) {
    const index = cursor.index
    if (cursor.offsetDelta !== index) return rejected('invalid-record', wrongOffset(cursor))
    if (rules.requireKey && cursor.keyLength < 0) {
      errors.add('invalid-record', index, 'a compacted topic takes no record without a key')
      continue
    }
    const timestampMs = cursor.timestampMs
    if (checksTime && timestampMs !== -1 && (timestampMs < earliestMs || timestampMs > latestMs)) {
      errors.add(
        'invalid-timestamp',
        index,
        `timestamp ${timestampMs} is not within ${earliestMs} to ${latestMs}`,
      )
      continue
    }
    if (timestampMs > maxTimestampMs) {
      maxTimestampMs = timestampMs
      indexOfMax = index
    }
  }
  if (errors.first !== null) return errors.toResult()
  if (!checksTime) {
    return {
      kind: 'ok',
      header,
      maxTimestampMs: rules.nowMs,
      offsetOfMaxTimestamp: 0,
      needsTimestampRewrite: true,
      decompressed,
    }
  }
  const needsTimestampRewrite = maxTimestampMs !== header.maxTimestampMs || header.timestampType === 1
  const offsetOfMaxTimestamp = indexOfMax
  return { kind: 'ok', header, maxTimestampMs, offsetOfMaxTimestamp, needsTimestampRewrite, decompressed }
}

/** Collects what is wrong with single records, up to a limit, and picks the batch's error as Kafka does. */
class RecordErrors {
  first: RecordError | null = null
  #reason: RejectionReason = 'invalid-record'
  readonly #errors: RecordError[] = []

  add(reason: 'invalid-record' | 'invalid-timestamp', batchIndex: number, message: string): void {
    // One wrong timestamp makes the whole batch an INVALID_TIMESTAMP, whatever else is wrong.
    if (reason === 'invalid-timestamp') this.#reason = reason
    const error = { batchIndex, message }
    this.first ??= error
    if (this.#errors.length < MAX_RECORD_ERRORS) this.#errors.push(error)
  }

  toResult(): ValidationResult {
    const message = `record ${this.first?.batchIndex}: ${this.first?.message}`
    return { kind: 'rejected', reason: this.#reason, message, recordErrors: this.#errors }
  }
}

function wrongOffset(cursor: RecordCursor): string {
  return `record ${cursor.index} has offset delta ${cursor.offsetDelta}, producers count from 0 by one`
}

function rejected(reason: RejectionReason, message: string): ValidationResult {
  return { kind: 'rejected', reason, message, recordErrors: [] }
}
