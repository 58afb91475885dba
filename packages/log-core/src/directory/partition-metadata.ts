/** Kafka's `partition.metadata`: which topic the directory belongs to, whatever its name says. */
export const PARTITION_METADATA = 'partition.metadata'

const TOPIC_ID = /^[A-Za-z0-9_-]{22}$/

export function encodePartitionMetadata(topicId: string): Buffer {
  return Buffer.from(`version: 0\ntopic_id: ${topicId}\n`)
}

/** The topic id, or null when the bytes are no such file. */
export function decodePartitionMetadata(bytes: Buffer): string | null {
  const lines = bytes.toString('latin1').trimEnd().split('\n')
  const [version, id, ...rest] = lines
  if (version !== 'version: 0' || rest.length > 0 || id === undefined) return null
  const topicId = id.startsWith('topic_id: ') ? id.slice('topic_id: '.length) : ''
  return TOPIC_ID.test(topicId) ? topicId : null
}
