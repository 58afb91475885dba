import type { FetchRequestInput, FetchResponse } from '@millrace/protocol'
import { type TopicMetadata, ZERO_TOPIC_ID } from '../metadata/topic-metadata.ts'
import type { FetchPartition } from './fetch-partition.ts'

/** Up to this version Fetch names topics; later ones take only their ids. */
const LAST_VERSION_WITH_TOPIC_NAMES = 12
/** No fetch session: every request names all its partitions (KIP-227, trap 14). */
const NO_SESSION = { sessionId: 0, sessionEpoch: -1 }

/** What a Fetch asks for, besides the partitions. */
export interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly partitionBytes: number
  readonly isolation: 'read_committed' | 'read_uncommitted'
}

/** What came back for one partition. */
export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number]

/** One Fetch for partitions of one leader. `topics` holds the metadata of every topic among them. */
export function fetchRequest(
  partitions: readonly FetchPartition[],
  topics: ReadonlyMap<string, TopicMetadata>,
  limits: FetchLimits,
): FetchRequestInput {
  const byTopic = new Map<string, FetchPartition[]>()
  for (const partition of partitions) {
    const others = byTopic.get(partition.topic)
    if (others === undefined) byTopic.set(partition.topic, [partition])
    else others.push(partition)
  }
  return {
    maxWaitMs: limits.maxWaitMs,
    minBytes: limits.minBytes,
    maxBytes: limits.maxBytes,
    isolationLevel: limits.isolation === 'read_committed' ? 1 : 0,
    ...NO_SESSION,
    rackId: '',
    forgottenTopicsData: [],
    topics: [...byTopic].map(([topic, wanted]) => ({
      topic,
      topicId: topics.get(topic)?.topicId ?? ZERO_TOPIC_ID,
      partitions: wanted.map((partition) => ({
        partition: partition.partition,
        currentLeaderEpoch: topics.get(topic)?.partitions[partition.partition]?.leaderEpoch ?? -1,
        lastFetchedEpoch: -1,
        fetchOffset: partition.fetchOffset,
        partitionMaxBytes: limits.partitionBytes,
      })),
    })),
  }
}

/** The highest version that can name all these topics. */
export function fetchVersionCap(topics: ReadonlyMap<string, TopicMetadata>): number | undefined {
  const haveAllIds = [...topics.values()].every(({ topicId }) => topicId !== ZERO_TOPIC_ID)
  return haveAllIds ? undefined : LAST_VERSION_WITH_TOPIC_NAMES
}

/** What came back, by `topic/partition`: the topic is told by name or by id, as the version has it. */
export function fetchedByPartition(
  answer: FetchResponse,
  topics: ReadonlyMap<string, TopicMetadata>,
): Map<string, FetchedPartition> {
  const nameOfId = new Map([...topics.values()].map(({ name, topicId }) => [topicId, name]))
  const found = new Map<string, FetchedPartition>()
  for (const { topic, topicId, partitions } of answer.responses) {
    const name = topic === '' ? nameOfId.get(topicId) : topic
    for (const partition of partitions) found.set(`${name}/${partition.partitionIndex}`, partition)
  }
  return found
}
