import { decodeRange, type RecordCursor, type ValueCodec } from '@millrace/record-batch'
import { ClientError } from '../client-error.ts'
import type { ConsumerRecord, TopicPartition } from './consumer-record.ts'

/** How keys and values become bytes and back. Without a codec they are bytes. */
export interface RecordCodecs<K, V> {
  readonly key?: ValueCodec<K>
  readonly value?: ValueCodec<V>
}

/**
 * The record at which the cursor stands, decoded straight from the batch: a view of each field on the way would
 * take a third of the time. Throws UNDECODABLE_RECORD, with its place, for what a codec does not take.
 */
export function decodeRecord<K, V>(
  { topic, partition }: TopicPartition,
  cursor: RecordCursor,
  codecs: RecordCodecs<K, V>,
  timestampMs: number,
): ConsumerRecord<K | null, V | null> {
  const { bytes, offset, keyStart, keyLength, valueStart, valueLength } = cursor
  try {
    return {
      topic,
      partition,
      offset,
      timestampMs,
      key: keyLength < 0 ? null : decodeField(codecs.key, bytes, keyStart, keyStart + keyLength),
      value: valueLength < 0 ? null : decodeField(codecs.value, bytes, valueStart, valueStart + valueLength),
      headers: cursor.headers(),
    }
  } catch (error) {
    throw undecodable({ topic, partition, offset }, error)
  }
}

/** The same for a record that was read as bytes. */
export function decodeBytes<K, V>(
  record: ConsumerRecord,
  codecs: RecordCodecs<K, V>,
): ConsumerRecord<K | null, V | null> {
  const { key, value } = record
  try {
    return {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      timestampMs: record.timestampMs,
      key: key === null ? null : decodeField(codecs.key, key, 0, key.length),
      value: value === null ? null : decodeField(codecs.value, value, 0, value.length),
      headers: record.headers,
    }
  } catch (error) {
    throw undecodable(record, error)
  }
}

function decodeField<T>(codec: ValueCodec<T> | undefined, bytes: Buffer, start: number, end: number): T {
  if (codec !== undefined) return decodeRange(codec, bytes, start, end)
  // Without a codec the types are bytes: see `client.topic()`.
  return bytes.subarray(start, end) as T
}

function undecodable(
  { topic, partition, offset }: TopicPartition & { offset: number },
  error: unknown,
): ClientError {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `the record at offset ${offset} of ${topic}/${partition} cannot be decoded: ${reason}`
  return new ClientError('UNDECODABLE_RECORD', message, { cause: error })
}
