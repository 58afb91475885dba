import { ByteReader } from '@millrace/protocol'
import { type CommittedOffset, NO_TOPIC_ID } from '../offsets/committed-offset.ts'
import { readText, requiredLength } from './record-text.ts'

/**
 * Committed offsets in `__consumer_offsets`, byte for byte as Kafka 4.3 writes them. Written by hand instead of
 * declared: loading a million of them at start and tens of thousands of commits a second go through here.
 *
 *     key    = version:int16 (0 or 1)  group:string  topic:string  partition:int32
 *     value  = version:int16 then
 *       v0, v2 = offset:int64  metadata:string  commitTimestamp:int64
 *       v1     = offset:int64  metadata:string  commitTimestamp:int64  expireTimestamp:int64
 *       v3     = offset:int64  leaderEpoch:int32  metadata:string  commitTimestamp:int64
 *       v4     = offset:int64  leaderEpoch:int32  metadata:compactString  commitTimestamp:int64
 *                taggedFields (0: topicId:uuid, left out when zero)
 *     string = length:int16  utf8    compactString = (length + 1):unsignedVarint  utf8
 *
 * Version 1 is written for an explicit expiry, 4 otherwise (Kafka's GroupCoordinatorRecordHelpers).
 */
export const OFFSET_COMMIT_KEY_VERSION = 1

const VALUE_VERSION_WITH_EXPIRY = 1
const VALUE_VERSION = 4
const UUID_BYTES = 16

/** A new buffer. */
export function encodeOffsetCommitKey(groupId: string, topic: string, partition: number): Buffer {
  const groupBytes = Buffer.byteLength(groupId)
  const topicBytes = Buffer.byteLength(topic)
  const key = Buffer.allocUnsafe(10 + groupBytes + topicBytes)
  let position = key.writeInt16BE(OFFSET_COMMIT_KEY_VERSION, 0)
  position = key.writeInt16BE(groupBytes, position)
  position += key.write(groupId, position, groupBytes, 'utf8')
  position = key.writeInt16BE(topicBytes, position)
  position += key.write(topic, position, topicBytes, 'utf8')
  key.writeInt32BE(partition, position)
  return key
}

/** A new buffer. */
export function encodeOffsetCommitValue(committed: CommittedOffset): Buffer {
  return committed.expireTimestampMs >= 0 ? encodeWithExpiry(committed) : encodeCurrent(committed)
}

/** What follows the version of a key of version 0 or 1. */
export function decodeOffsetCommitKey(reader: ByteReader): {
  groupId: string
  topic: string
  partition: number
} {
  return { groupId: readText(reader), topic: readText(reader), partition: reader.int32() }
}

/** Throws a RangeError for a version that Kafka 4.3 does not know, and for bytes that are too few. */
export function decodeOffsetCommitValue(value: Buffer): CommittedOffset {
  const reader = new ByteReader(value)
  const version = reader.int16()
  if (version < 0 || version > VALUE_VERSION)
    throw new RangeError(`offset commit value of version ${version}`)
  const offset = reader.int64()
  const leaderEpoch = version >= 3 ? reader.int32() : -1
  const metadata = version >= 4 ? reader.utf8(requiredLength(reader.compactLength())) : readText(reader)
  const commitTimestampMs = reader.int64()
  const expireTimestampMs = version === VALUE_VERSION_WITH_EXPIRY ? reader.int64() : -1
  const topicId = version >= 4 ? readTopicId(reader) : NO_TOPIC_ID
  return { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, topicId }
}

function encodeWithExpiry(committed: CommittedOffset): Buffer {
  const metadataBytes = Buffer.byteLength(committed.metadata)
  const value = Buffer.allocUnsafe(28 + metadataBytes)
  let position = value.writeInt16BE(VALUE_VERSION_WITH_EXPIRY, 0)
  position = writeInt64(value, committed.offset, position)
  position = value.writeInt16BE(metadataBytes, position)
  position += value.write(committed.metadata, position, metadataBytes, 'utf8')
  position = writeInt64(value, committed.commitTimestampMs, position)
  writeInt64(value, committed.expireTimestampMs, position)
  return value
}

function encodeCurrent(committed: CommittedOffset): Buffer {
  const metadataBytes = Buffer.byteLength(committed.metadata)
  const hasTopicId = committed.topicId !== NO_TOPIC_ID
  const taggedBytes = hasTopicId ? 3 + UUID_BYTES : 1
  const value = Buffer.allocUnsafe(22 + varintBytes(metadataBytes + 1) + metadataBytes + taggedBytes)
  let position = value.writeInt16BE(VALUE_VERSION, 0)
  position = writeInt64(value, committed.offset, position)
  position = value.writeInt32BE(committed.leaderEpoch, position)
  position = writeVarint(value, metadataBytes + 1, position)
  position += value.write(committed.metadata, position, metadataBytes, 'utf8')
  position = writeInt64(value, committed.commitTimestampMs, position)
  if (!hasTopicId) {
    value.writeUInt8(0, position)
    return value
  }
  value.writeUInt8(1, position) // one tagged field
  value.writeUInt8(0, position + 1) // of tag 0
  value.writeUInt8(UUID_BYTES, position + 2)
  value.write(committed.topicId, position + 3, UUID_BYTES, 'base64url')
  return value
}

function readTopicId(reader: ByteReader): string {
  let topicId = NO_TOPIC_ID
  for (let count = reader.unsignedVarint(); count > 0; count--) {
    const tag = reader.unsignedVarint()
    const field = reader.slice(reader.unsignedVarint())
    if (tag === 0) topicId = field.uuid()
  }
  return topicId
}

/** Offsets and timestamps are safe integers; splitting them is three times as quick as going through a bigint. */
function writeInt64(target: Buffer, value: number, position: number): number {
  const high = Math.floor(value / 0x1_0000_0000)
  target.writeInt32BE(high, position)
  return target.writeUInt32BE(value - high * 0x1_0000_0000, position + 4)
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}

function writeVarint(target: Buffer, value: number, position: number): number {
  let at = position
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) at = target.writeUInt8((rest & 0x7f) | 0x80, at)
  return target.writeUInt8(rest, at)
}

/** An upper bound of what key and value take, cheap enough to ask before they are made. */
export function offsetCommitBytes(record: {
  readonly groupId: string
  readonly topic: string
  readonly value: CommittedOffset | null
}): number {
  // UTF-8 takes at most three bytes for a UTF-16 code unit.
  return 64 + 3 * (record.groupId.length + record.topic.length + (record.value?.metadata.length ?? 0))
}
