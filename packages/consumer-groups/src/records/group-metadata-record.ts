import {
  array,
  ByteReader,
  ByteWriter,
  bytes,
  defineMessage,
  int32,
  int64,
  nullable,
  since,
  string,
} from '@millrace/protocol'

export const GROUP_METADATA_KEY_VERSION = 2
/** Kafka 4.3 can read 4, but writes 3, so that the release before it can still load the topic. */
const WRITTEN_VERSION = 3

const groupMetadataKey = defineMessage({
  validVersions: [0, 0],
  flexibleSince: null,
  fields: { group: string },
})

const groupMetadataValue = defineMessage({
  validVersions: [0, 4],
  flexibleSince: 4,
  fields: {
    protocolType: string,
    generation: int32,
    protocol: nullable(string),
    leader: nullable(string),
    currentStateTimestamp: since(2, int64, -1),
    members: array({
      memberId: string,
      groupInstanceId: since(3, nullable(string, 3), null),
      clientId: string,
      clientHost: string,
      rebalanceTimeout: since(1, int32, -1),
      sessionTimeout: int32,
      subscription: bytes,
      assignment: bytes,
    }),
  },
})

/**
 * A classic group as it stood when its leader's assignment arrived, or when it became empty: the whole of it in one
 * record. Source: Kafka's GroupMetadataValue.
 */
export type GroupMetadataValue = ReturnType<ReturnType<typeof groupMetadataValue.codec>['decode']>
export type GroupMetadataMember = GroupMetadataValue['members'][number]

/** A new buffer. */
export function encodeGroupMetadataKey(groupId: string): Buffer {
  const writer = new ByteWriter()
  writer.int16(GROUP_METADATA_KEY_VERSION)
  groupMetadataKey.codec(0).encode(writer, { group: groupId })
  return Buffer.concat(writer.finish())
}

/** A new buffer. */
export function encodeGroupMetadataValue(value: GroupMetadataValue): Buffer {
  const writer = new ByteWriter()
  writer.int16(WRITTEN_VERSION)
  groupMetadataValue.codec(WRITTEN_VERSION).encode(writer, value)
  return Buffer.concat(writer.finish())
}

/** What follows the version of the key. */
export function decodeGroupMetadataKey(reader: ByteReader): string {
  return groupMetadataKey.codec(0).decode(reader).group
}

/** Subscriptions and assignments are views of `value`. Throws a RangeError for bytes that are no such value. */
export function decodeGroupMetadataValue(value: Buffer): GroupMetadataValue {
  const reader = new ByteReader(value)
  const version = reader.int16()
  const [min, max] = groupMetadataValue.validVersions
  if (version < min || version > max) throw new RangeError(`group metadata value of version ${version}`)
  return groupMetadataValue.codec(version).decode(reader)
}

/** An upper bound of what the record takes, cheap enough to ask before it is made. */
export function groupMetadataBytes(value: GroupMetadataValue): number {
  let total = 1_024
  for (const member of value.members) {
    const names = member.memberId.length + (member.groupInstanceId?.length ?? 0)
    const origin = member.clientId.length + member.clientHost.length
    // UTF-8 takes at most three bytes for a UTF-16 code unit.
    total += 64 + 3 * (names + origin) + member.subscription.length + member.assignment.length
  }
  return total
}
