export { BatchBuilder, type BatchFields, buildBatch } from './batch-builder.ts'
export { type FilteredBatch, filterBatch, type RecordFilter } from './batch-filter.ts'
export {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBaseOffsetAt,
  batchLastOffsetAt,
  batchMaxTimestampAt,
  batchSizeBytesAt,
  readBatchHeader,
} from './batch-header.ts'
export { type RecompressionTarget, recompressBatch } from './batch-recompression.ts'
export { type ScannedBatch, scanBatches } from './batch-scanner.ts'
export {
  type BatchStamp,
  setCreateTime,
  setLogAppendTime,
  stampBatch,
  verifyBatchCrc,
} from './batch-stamp.ts'
export {
  MAX_RECORD_ERRORS,
  type RecordError,
  type RejectionReason,
  type ValidationResult,
  type ValidationRules,
  validateProducedBatch,
  validateProducedBatchAsync,
} from './batch-validation.ts'
export {
  Compression,
  type CompressionId,
  type CompressionLevels,
  type CompressionName,
  compress,
  compressAsync,
  decompress,
  decompressAsync,
} from './compression.ts'
export { type BatchErrorCode, CorruptBatchError } from './corrupt-batch-error.ts'
export { crc32c, isNativeCrcAvailable } from './crc32c.ts'
export { freeableMemory, freeMemory } from './free-memory.ts'
export type { LogRecord, RecordHeader, RecordHeaderInput, RecordInput } from './record.ts'
export { type RecordContext, RecordCursor, type RecordRange } from './record-cursor.ts'
export {
  DEFAULT_MAX_DECOMPRESSED_BYTES,
  openRecords,
  type ReadRecordsOptions,
  readBatchRecords,
  readRecords,
} from './record-reader.ts'
export { unknownRecordField } from './unknown-field.ts'
export { type StandardSchema, validated } from './validated-codec.ts'
export { bytes, decodeRange, json, string, type ValueCodec } from './value-codec.ts'
