/** Kafka's limit: with the partition number behind it the name still fits a file name of 255 bytes. */
const MAX_TOPIC_NAME_LENGTH = 249

const INTERNAL_TOPICS: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state'])

/** The topic that keeps committed offsets and groups. */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** Kafka keeps its own metadata under this name, so no cluster has a topic of it. */
export const KAFKA_METADATA_TOPIC = '__cluster_metadata'

/** Whether clients may not write to the topic (trap 22). */
export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name)
}

/**
 * Why `name` cannot be a topic's, or null. Kafka's rules and words (`Topic.validate`). The name becomes
 * a directory: nothing that could be a path passes.
 */
export function topicNameProblem(name: string): string | null {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > MAX_TOPIC_NAME_LENGTH) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${MAX_TOPIC_NAME_LENGTH}`
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return null
}

/**
 * Names that differ only in '.' and '_' collide in Kafka's metric names, so Kafka refuses the second one.
 * Two names collide when their keys are equal.
 */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}
