import { BATCH_HEADER_BYTES, type BatchHeader, readBatchHeader } from './batch-header.ts'
import { decompress } from './compression.ts'
import { CorruptBatchError } from './corrupt-batch-error.ts'
import type { LogRecord } from './record.ts'
import { RecordCursor } from './record-cursor.ts'

/** How far a reader trusts a batch. */
export interface ReadRecordsOptions {
  /** The most that the records may decompress to. */
  readonly maxDecompressedBytes?: number
}

/** 100 times Kafka's default for a whole batch: large enough for any honest one, small enough to allocate. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

/**
 * Yields the records of the batch at `position`. Keys, values and header values are views: of the
 * buffer when the batch is not compressed, of the decompressed bytes otherwise. The CRC is not checked.
 *
 * @throws CorruptBatchError at a header, compressed bytes or a record that cannot be right
 */
export function* readRecords(
  buffer: Buffer,
  position = 0,
  options: ReadRecordsOptions = {},
): Generator<LogRecord, void, void> {
  const header = readBatchHeader(buffer, position)
  const cursor = openRecords(buffer, position, header, options)
  while (cursor.next()) yield toRecord(cursor, header)
}

/** As `readRecords`, all at once: faster where the whole batch is wanted. */
export function readBatchRecords(
  buffer: Buffer,
  position = 0,
  options: ReadRecordsOptions = {},
): LogRecord[] {
  const header = readBatchHeader(buffer, position)
  const cursor = openRecords(buffer, position, header, options)
  const records: LogRecord[] = []
  while (cursor.next()) records.push(toRecord(cursor, header))
  return records
}

/**
 * A cursor over the records of the batch at `position`, decompressed first when they are compressed.
 * For callers that want no object per record.
 */
export function openRecords(
  buffer: Buffer,
  position: number,
  header: BatchHeader,
  options: ReadRecordsOptions = {},
): RecordCursor {
  const start = position + BATCH_HEADER_BYTES
  const end = position + header.sizeBytes
  if (end > buffer.length) {
    throw new CorruptBatchError(
      'TRUNCATED',
      `a batch of ${header.sizeBytes} bytes, found ${buffer.length - position}`,
    )
  }
  if (header.compression === 0) return new RecordCursor({ bytes: buffer, start, end }, header)
  const maxBytes = options.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES
  const bytes = decompress(header.compression, buffer.subarray(start, end), maxBytes)
  return new RecordCursor({ bytes, start: 0, end: bytes.length }, header)
}

function toRecord(cursor: RecordCursor, header: BatchHeader): LogRecord {
  return {
    offset: cursor.offset,
    timestampMs: header.timestampType === 1 ? header.maxTimestampMs : cursor.timestampMs,
    key: cursor.key(),
    value: cursor.value(),
    headers: cursor.headers(),
  }
}
