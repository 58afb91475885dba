export {
  bytes,
  Compression,
  type CompressionName,
  json,
  string,
  type ValueCodec,
} from '@millrace/record-batch'
export type { CompactionPlan } from './compaction/compaction-plan.ts'
export type { CompactionResult } from './compaction/log-compactor.ts'
export type { CompactedLog, DirectoryCompactionOptions } from './directory/directory-compaction.ts'
export {
  LogDirectory,
  type LogDirectoryOptions,
  type OpenLogRequest,
  type PartitionDirectory,
} from './directory/log-directory.ts'
export {
  decodeMetaProperties,
  encodeMetaProperties,
  META_PROPERTIES,
  type MetaProperties,
} from './directory/meta-properties.ts'
export { type AppendedRecord, type AppendedRecords, RecordTooLargeError } from './embedded/append-batcher.ts'
export type { AppendAllOptions, AppendAllResult, AppendProgress } from './embedded/append-stream.ts'
export { EmbeddedDirectory } from './embedded/embedded-directory.ts'
export { type AppendManyOptions, EmbeddedLog, type LogInfo } from './embedded/embedded-log.ts'
export { type InvalidRequestCode, InvalidRequestError } from './embedded/invalid-request-error.ts'
export type { CodecOptions, OpenLogOptions } from './embedded/log-options.ts'
export type { AppendHeader, AppendRecord, StoredHeader, StoredRecord } from './embedded/log-record.ts'
export {
  type OpenDirectoryOptions,
  openLog,
  openLogDirectory,
} from './embedded/open-log.ts'
export type { ReadFrom, ReadUntil } from './embedded/read-range.ts'
export type { ReadOptions, RecordReader } from './embedded/record-reader.ts'
export { directoryOf, writeFileAtomically, writeFileAtomicallySync } from './fs/atomic-file.ts'
export type {
  DirectoryEntry,
  DirectoryLock,
  FileHandle,
  FileSystem,
  LockHolder,
  OpenMode,
} from './fs/file-system.ts'
export { lockedError, readLockHolder, writeLockHolder } from './fs/lock-holder-file.ts'
export { memoryFileSystem } from './fs/memory-file-system.ts'
export { nodeFileSystem } from './fs/node-file-system.ts'
export { STORAGE_ERROR_MEANINGS, StorageError, type StorageErrorCode } from './fs/storage-error.ts'
export type { AppendOptions, AppendOutcome, AppendRejection, Durability } from './log/append-outcome.ts'
export type { CompactionOptions, ScrubResult } from './log/log-maintenance.ts'
export { type LogSlice, OffsetOutOfRangeError, type ReadLimit, type ReadRequest } from './log/log-slice.ts'
export type { TimestampedOffset } from './log/offset-lookup.ts'
export { PartitionLog } from './log/partition-log.ts'
export type { PlantedBugs } from './log/planted-bugs.ts'
export type { ProducerBatch, ProducerEntry } from './log/producer-state.ts'
export { type StorageLogger, silentLogger } from './log/storage-logger.ts'
export {
  checkLogLimits,
  DEFAULT_LOG_CONFIG,
  DEFAULT_LOG_LIMITS,
  type LogConfig,
  type LogLimits,
  NO_LIMIT,
} from './log-config.ts'
export { deletedDirectoryName, partitionDirectoryName } from './segment/segment-file-names.ts'
export type { Clock, Timer } from './time/clock.ts'
export { nodeClock } from './time/node-clock.ts'
export { type DumpEntry, dumpFile } from './tools/dump-file.ts'
export {
  type AdoptedPartition,
  adoptForeignPartition,
  type ForeignPartition,
  inspectForeignPartition,
} from './tools/foreign-partition.ts'
export {
  type DirectoryToolOptions,
  type RepairedPartition,
  repairDirectory,
  verifyDirectory,
} from './tools/repair-directory.ts'
export { type RepairOptions, type RepairStep, repairPartition } from './tools/repair-partition.ts'
export type { DamagedRange } from './tools/salvage.ts'
export {
  type Finding,
  type PartitionReport,
  type SegmentReport,
  verifyPartition,
} from './tools/verify-partition.ts'
