import { ByteReader } from '@millrace/protocol'
import { type ClassicMember, metadataFor } from './classic-member.ts'

/** The protocol type of consumers; other users of groups (Kafka Connect, say) have metadata of their own. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

/**
 * The topics that the members of a consumer group subscribe to, or null when their metadata cannot be read.
 * Null errs on the safe side: nothing of such a group expires while it has members.
 */
export function subscribedTopics(
  members: Iterable<ClassicMember>,
  protocolName: string | null,
): ReadonlySet<string> | null {
  const topics = new Set<string>()
  try {
    for (const member of members) {
      for (const topic of readTopics(metadataFor(member, protocolName))) topics.add(topic)
    }
  } catch (error) {
    // The bytes are the client's business. Anything but a bounds error would be a bug of ours.
    if (error instanceof RangeError) return null
    throw error
  }
  return topics
}

/** Version 0 is the prefix of every version of ConsumerProtocolSubscription: version:int16, topics:array of string. */
function readTopics(metadata: Buffer): string[] {
  const reader = new ByteReader(metadata)
  if (reader.int16() < 0) throw new RangeError('negative version')
  const count = reader.length()
  reader.checkCount(count, 2)
  const topics: string[] = []
  for (let index = 0; index < count; index++) {
    const length = reader.stringLength()
    if (length < 0) throw new RangeError('null topic')
    topics.push(reader.utf8(length))
  }
  return topics
}
