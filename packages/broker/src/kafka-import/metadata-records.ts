import {
  array,
  ByteReader,
  boolean,
  defineMessage,
  float64,
  int8,
  int32,
  int64,
  type Message,
  nullable,
  type Shape,
  since,
  string,
  tagged,
  uuid,
  withDefault,
} from '@millrace/protocol'

/**
 * The records of `__cluster_metadata`, as far as they say what a broker keeps. A record's value is a frame:
 *
 *     frame = frameVersion:unsignedVarint (1)  type:unsignedVarint  version:unsignedVarint  message
 *
 * Source: Kafka 4.3's `metadata/src/main/resources/common/metadata`, and `MetadataRecordSerde`.
 */
const topic = record([0, 0], { name: string, topicId: uuid })
const removeTopic = record([0, 0], { topicId: uuid })
const partition = record([0, 2], {
  partitionId: withDefault(int32, -1),
  topicId: uuid,
  replicas: array(int32),
  isr: array(int32),
  removingReplicas: array(int32),
  addingReplicas: array(int32),
  leader: withDefault(int32, -1),
  leaderEpoch: withDefault(int32, -1),
  partitionEpoch: withDefault(int32, -1),
  directories: since(1, array(uuid)),
  eligibleLeaderReplicas: tagged({ tag: 1, since: 2 }, nullable(array(int32)), null),
})
const partitionChange = record([0, 2], {
  partitionId: withDefault(int32, -1),
  topicId: uuid,
  isr: tagged({ tag: 0, since: 0 }, nullable(array(int32)), null),
  leader: tagged({ tag: 1, since: 0 }, int32, -2),
  replicas: tagged({ tag: 2, since: 0 }, nullable(array(int32)), null),
  directories: tagged({ tag: 8, since: 1 }, nullable(array(uuid)), null),
  eligibleLeaderReplicas: tagged({ tag: 6, since: 2 }, nullable(array(int32)), null),
})
const config = record([0, 0], {
  resourceType: int8,
  resourceName: string,
  name: string,
  value: nullable(string),
})
const clientQuota = record([0, 0], {
  entity: array({ entityType: string, entityName: nullable(string) }),
  key: string,
  value: float64,
  remove: boolean,
})
const producerIds = record([0, 0], {
  brokerId: int32,
  brokerEpoch: withDefault(int64, -1),
  nextProducerId: int64,
})

type DecodedBy<M> = M extends Message<infer D, never> ? D : never

/** A metadata record that matters here. `transaction` records bracket others; `unknown` is any other kind. */
export type MetadataRecord =
  | ({ readonly kind: 'topic' } & DecodedBy<typeof topic>)
  | ({ readonly kind: 'remove-topic' } & DecodedBy<typeof removeTopic>)
  | ({ readonly kind: 'partition' } & DecodedBy<typeof partition>)
  | ({ readonly kind: 'partition-change' } & DecodedBy<typeof partitionChange>)
  | ({ readonly kind: 'config' } & DecodedBy<typeof config>)
  | ({ readonly kind: 'client-quota' } & DecodedBy<typeof clientQuota>)
  | ({ readonly kind: 'producer-ids' } & DecodedBy<typeof producerIds>)
  | { readonly kind: 'register-broker' | 'unregister-broker'; readonly brokerId: number }
  | { readonly kind: 'transaction'; readonly step: 'begin' | 'end' | 'abort' }
  | { readonly kind: 'acl' | 'scram' | 'token' | 'unknown' }

const FRAME_VERSION = 1

/** Throws a WireError (a RangeError) when the bytes are no such record. */
export function decodeMetadataRecord(value: Buffer): MetadataRecord {
  const reader = new ByteReader(value)
  const frameVersion = reader.unsignedVarint()
  if (frameVersion !== FRAME_VERSION) {
    throw new RangeError(`metadata record of frame version ${frameVersion}, expected ${FRAME_VERSION}`)
  }
  const type = reader.unsignedVarint()
  const version = reader.unsignedVarint()
  switch (type) {
    case 0:
      // Only who it is, of much more: the first field in every version.
      return { kind: 'register-broker', brokerId: reader.int32() }
    case 1:
      return { kind: 'unregister-broker', brokerId: reader.int32() }
    case 2:
      return { kind: 'topic', ...decode(topic, version, reader) }
    case 3:
      return { kind: 'partition', ...decode(partition, version, reader) }
    case 4:
      return { kind: 'config', ...decode(config, version, reader) }
    case 5:
      return { kind: 'partition-change', ...decode(partitionChange, version, reader) }
    case 9:
      return { kind: 'remove-topic', ...decode(removeTopic, version, reader) }
    case 10:
      return { kind: 'token' }
    case 11:
      return { kind: 'scram' }
    case 14:
      return { kind: 'client-quota', ...decode(clientQuota, version, reader) }
    case 15:
      return { kind: 'producer-ids', ...decode(producerIds, version, reader) }
    case 18:
      return { kind: 'acl' }
    case 23:
      return { kind: 'transaction', step: 'begin' }
    case 24:
      return { kind: 'transaction', step: 'end' }
    case 25:
      return { kind: 'transaction', step: 'abort' }
    default:
      return { kind: 'unknown' }
  }
}

function record<const S extends Shape>(validVersions: readonly [number, number], fields: S) {
  return defineMessage<S>({ validVersions, flexibleSince: 0, fields })
}

function decode<D>(message: Message<D, never>, version: number, reader: ByteReader): D {
  const [min, max] = message.validVersions
  if (version < min || version > max) {
    throw new RangeError(
      `metadata record of version ${version}, known are ${min} to ${max}: a newer Kafka wrote it`,
    )
  }
  return message.codec(version).decode(reader)
}
