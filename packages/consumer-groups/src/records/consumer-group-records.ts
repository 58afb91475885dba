import {
  array,
  ByteReader,
  ByteWriter,
  bytes,
  clampedInt64,
  defineMessage,
  int8,
  int32,
  int64,
  type Message,
  nullable,
  string,
  struct,
  tagged,
  uuid,
  withDefault,
} from '@millrace/protocol'
import { readText } from './record-text.ts'

/**
 * The records of a KIP-848 group, all of version 0 and flexible. Their keys are `type:int16` and then, never
 * flexible, the group and whatever else names the thing. Source: the records of Kafka 4.3.
 */
const topicPartitions = array({ topicId: uuid, partitions: array(int32) })

/** The group's epoch: it rises with every change of members, subscriptions or topics. */
const groupMetadata = value({
  epoch: int32,
  // Kafka hashes into all 64 bits. A hash that is not ours only has to differ from ours: topics are then looked at anew.
  metadataHash: tagged({ tag: 0, since: 0 }, clampedInt64, 0),
})

/** Before Kafka 4.1: the topics that the group saw last. Read, to be buried. */
const partitionMetadata = value({
  topics: array({
    topicId: uuid,
    topicName: string,
    numPartitions: int32,
    partitionMetadata: array({ partition: int32, racks: array(string) }),
  }),
})

/** What a member said of itself. */
const memberMetadata = value({
  instanceId: nullable(string),
  rackId: nullable(string),
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  subscribedTopicRegex: nullable(string),
  rebalanceTimeoutMs: withDefault(int32, -1),
  serverAssignor: nullable(string),
  classicMemberMetadata: tagged(
    { tag: 0, since: 0 },
    nullable(
      struct({ sessionTimeoutMs: int32, supportedProtocols: array({ name: string, metadata: bytes }) }),
    ),
    null,
  ),
})

/** The epoch for which partitions were last spread over the members. */
const targetMetadata = value({
  assignmentEpoch: int32,
  assignmentTimestamp: tagged({ tag: 0, since: 0 }, int64, 0),
})

/** What a member is to own in the end. */
const targetMember = value({ topicPartitions })

const assignedPartitions = array({
  topicId: uuid,
  partitions: array(int32),
  assignmentEpochs: tagged({ tag: 0, since: 0 }, nullable(array(int32)), []),
})

/** What a member owns now, and how far it has come. */
const currentAssignment = value({
  memberEpoch: int32,
  previousMemberEpoch: int32,
  state: int8,
  assignedPartitions,
  partitionsPendingRevocation: assignedPartitions,
})

/** The topics that a regular expression matches. */
const regularExpression = value({ topics: array(string), version: int64, timestamp: int64 })

export type ConsumerGroupMetadataValue = DecodedOf<typeof groupMetadata>
export type ConsumerMemberMetadataValue = DecodedOf<typeof memberMetadata>
export type ConsumerTargetMetadataValue = DecodedOf<typeof targetMetadata>
export type ConsumerTargetMemberValue = DecodedOf<typeof targetMember>
export type ConsumerCurrentAssignmentValue = DecodedOf<typeof currentAssignment>
export type ConsumerRegularExpressionValue = DecodedOf<typeof regularExpression>
export type ConsumerPartitionMetadataValue = DecodedOf<typeof partitionMetadata>

/** Kinds of records about a whole group: `key = type:int16 groupId:string`. */
interface OfGroup<Kind extends string, Value> {
  readonly kind: Kind
  readonly groupId: string
  readonly value: Value | null
}

/** Kinds about one member: `key = type:int16 groupId:string memberId:string`. */
interface OfMember<Kind extends string, Value> extends OfGroup<Kind, Value> {
  readonly memberId: string
}

/** What a record of a KIP-848 group says; a null value is a tombstone. */
export type ConsumerGroupRecord =
  | OfGroup<'consumer-group-metadata', ConsumerGroupMetadataValue>
  | OfGroup<'consumer-partition-metadata', ConsumerPartitionMetadataValue>
  | OfMember<'consumer-member-metadata', ConsumerMemberMetadataValue>
  | OfGroup<'consumer-target-metadata', ConsumerTargetMetadataValue>
  | OfMember<'consumer-target-member', ConsumerTargetMemberValue>
  | OfMember<'consumer-current-assignment', ConsumerCurrentAssignmentValue>
  | (OfGroup<'consumer-regular-expression', ConsumerRegularExpressionValue> & {
      readonly regularExpression: string
    })

const KEY_TYPES: Readonly<Record<ConsumerGroupRecord['kind'], number>> = {
  'consumer-group-metadata': 3,
  'consumer-partition-metadata': 4,
  'consumer-member-metadata': 5,
  'consumer-target-metadata': 6,
  'consumer-target-member': 7,
  'consumer-current-assignment': 8,
  'consumer-regular-expression': 16,
}

/** New buffers. */
export function encodeConsumerGroupRecord(record: ConsumerGroupRecord): {
  key: Buffer
  value: Buffer | null
} {
  const key = new ByteWriter()
  key.int16(KEY_TYPES[record.kind])
  key.string(record.groupId)
  if ('memberId' in record) key.string(record.memberId)
  if ('regularExpression' in record) key.string(record.regularExpression)
  return { key: Buffer.concat(key.finish()), value: encodeValue(record) }
}

/** What follows the type of the key; null for a type that is not one of a KIP-848 group. Throws a RangeError for damage. */
export function decodeConsumerGroupRecord(
  type: number,
  key: ByteReader,
  bytesOfValue: Buffer | null,
): ConsumerGroupRecord | null {
  const read = <V>(message: Message<V, never>): V | null =>
    bytesOfValue === null ? null : decodeValue(message, bytesOfValue)
  switch (type) {
    case 3:
      return { kind: 'consumer-group-metadata', groupId: readText(key), value: read(groupMetadata) }
    case 4:
      return { kind: 'consumer-partition-metadata', groupId: readText(key), value: read(partitionMetadata) }
    case 5:
      return {
        kind: 'consumer-member-metadata',
        groupId: readText(key),
        memberId: readText(key),
        value: read(memberMetadata),
      }
    case 6:
      return { kind: 'consumer-target-metadata', groupId: readText(key), value: read(targetMetadata) }
    case 7:
      return {
        kind: 'consumer-target-member',
        groupId: readText(key),
        memberId: readText(key),
        value: read(targetMember),
      }
    case 8:
      return {
        kind: 'consumer-current-assignment',
        groupId: readText(key),
        memberId: readText(key),
        value: read(currentAssignment),
      }
    case 16:
      return {
        kind: 'consumer-regular-expression',
        groupId: readText(key),
        regularExpression: readText(key),
        value: read(regularExpression),
      }
    default:
      return null
  }
}

function encodeValue(record: ConsumerGroupRecord): Buffer | null {
  if (record.value === null) return null
  const writer = new ByteWriter()
  writer.int16(0)
  switch (record.kind) {
    case 'consumer-group-metadata':
      groupMetadata.codec(0).encode(writer, record.value)
      break
    case 'consumer-partition-metadata':
      partitionMetadata.codec(0).encode(writer, record.value)
      break
    case 'consumer-member-metadata':
      memberMetadata.codec(0).encode(writer, record.value)
      break
    case 'consumer-target-metadata':
      targetMetadata.codec(0).encode(writer, record.value)
      break
    case 'consumer-target-member':
      targetMember.codec(0).encode(writer, record.value)
      break
    case 'consumer-current-assignment':
      currentAssignment.codec(0).encode(writer, record.value)
      break
    case 'consumer-regular-expression':
      regularExpression.codec(0).encode(writer, record.value)
      break
  }
  return Buffer.concat(writer.finish())
}

function decodeValue<V>(message: Message<V, never>, bytesOfValue: Buffer): V {
  const reader = new ByteReader(bytesOfValue)
  const version = reader.int16()
  if (version !== 0) throw new RangeError(`a record of version ${version}, only 0 is known`)
  return message.codec(0).decode(reader)
}

function value<const S extends Parameters<typeof defineMessage>[0]['fields']>(fields: S) {
  return defineMessage<S>({ validVersions: [0, 0], flexibleSince: 0, fields })
}

type DecodedOf<M> = M extends Message<infer D, never> ? D : never
