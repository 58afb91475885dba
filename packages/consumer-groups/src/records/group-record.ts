import { ByteReader } from '@millrace/protocol'
import type { PersistedRecord } from '../group-event.ts'
import type { CommittedOffset } from '../offsets/committed-offset.ts'
import {
  type ConsumerGroupRecord,
  decodeConsumerGroupRecord,
  encodeConsumerGroupRecord,
} from './consumer-group-records.ts'
import {
  decodeGroupMetadataKey,
  decodeGroupMetadataValue,
  encodeGroupMetadataKey,
  encodeGroupMetadataValue,
  GROUP_METADATA_KEY_VERSION,
  type GroupMetadataValue,
} from './group-metadata-record.ts'
import {
  decodeOffsetCommitKey,
  decodeOffsetCommitValue,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
  OFFSET_COMMIT_KEY_VERSION,
} from './offset-commit-record.ts'

/** What a record of `__consumer_offsets` says. A null value is a tombstone: what the key names is gone. */
export type GroupRecord =
  | {
      readonly kind: 'offset-commit'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly value: CommittedOffset | null
    }
  | { readonly kind: 'group-metadata'; readonly groupId: string; readonly value: GroupMetadataValue | null }
  | ConsumerGroupRecord

/** New buffers, in the versions that Kafka 4.3 writes. */
export function encodeGroupRecord(record: GroupRecord): PersistedRecord {
  switch (record.kind) {
    case 'offset-commit':
      return {
        key: encodeOffsetCommitKey(record.groupId, record.topic, record.partition),
        value: record.value === null ? null : encodeOffsetCommitValue(record.value),
      }
    case 'group-metadata':
      return {
        key: encodeGroupMetadataKey(record.groupId),
        value: record.value === null ? null : encodeGroupMetadataValue(record.value),
      }
    default:
      return encodeConsumerGroupRecord(record)
  }
}

/**
 * null for a kind of record that is not known here: a newer broker wrote it, and Kafka skips such records too.
 * Throws a RangeError for a known key whose bytes are wrong.
 */
export function decodeGroupRecord(key: Buffer, value: Buffer | null): GroupRecord | null {
  const reader = new ByteReader(key)
  const keyVersion = reader.int16()
  switch (keyVersion) {
    // Version 0 and 1 of the key have the same fields (Kafka's LegacyOffsetCommitKey and OffsetCommitKey).
    case 0:
    case OFFSET_COMMIT_KEY_VERSION: {
      const { groupId, topic, partition } = decodeOffsetCommitKey(reader)
      const committed = value === null ? null : decodeOffsetCommitValue(value)
      return { kind: 'offset-commit', groupId, topic, partition, value: committed }
    }
    case GROUP_METADATA_KEY_VERSION: {
      const groupId = decodeGroupMetadataKey(reader)
      return {
        kind: 'group-metadata',
        groupId,
        value: value === null ? null : decodeGroupMetadataValue(value),
      }
    }
    default:
      return decodeConsumerGroupRecord(keyVersion, reader, value)
  }
}
