import { ErrorCode, type OffsetFetchResponse, offsetCommit, offsetFetch } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'
import { checkPlaces, requiredInteger, requiredText } from '../option-check.ts'
import { resourceError } from '../resource-error.ts'

/** How far a group has come in one partition: the next offset that it will read. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

/** Who commits: a member in its generation, or somebody from outside while the group is empty. */
export interface Committer {
  readonly group: string
  readonly memberId: string
  readonly generationId: number
  readonly instanceId: string | null
}

/** Later versions of both requests take only topic ids. */
const LAST_VERSION_WITH_TOPIC_NAMES = 9

const OFFSETS = { min: 0, max: Number.MAX_SAFE_INTEGER }

/** A committer that is no member. */
export function outsider(group: string): Committer {
  return { group, memberId: '', generationId: -1, instanceId: null }
}

/**
 * Reads committed offsets: of these partitions, or of all that the group has committed. Partitions
 * without a commit are left out.
 */
export async function fetchCommitted(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[] | null,
): Promise<CommittedOffset[]> {
  requiredText('group', group)
  if (partitions !== null) checkPlaces(partitions)
  const topics =
    partitions === null
      ? null
      : [...groupByTopic(partitions)].map(([name, wanted]) => ({
          name,
          partitionIndexes: wanted.map(({ partition }) => partition),
        }))
  const input = { groupId: group, topics, groups: [{ groupId: group, topics }], requireStable: true }
  const check = (answer: OffsetFetchResponse): CommittedOffset[] => readCommitted(answer, group)
  return cluster.call({ group }, offsetFetch, input, check, { capVersion: LAST_VERSION_WITH_TOPIC_NAMES })
}

/** Commits offsets. Throws the KafkaError of the first partition that was refused. */
export async function commitOffsets(
  cluster: Cluster,
  committer: Committer,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  requiredText('group', committer.group)
  checkPlaces(offsets)
  for (const { offset } of offsets) requiredInteger('offset', offset, OFFSETS)
  const input = {
    groupId: committer.group,
    generationIdOrMemberEpoch: committer.generationId,
    memberId: committer.memberId,
    groupInstanceId: committer.instanceId,
    topics: [...groupByTopic(offsets)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: metadata,
      })),
    })),
  }
  await cluster.call(
    { group: committer.group },
    offsetCommit,
    input,
    ({ topics }) => {
      for (const { name, partitions } of topics) {
        for (const { partitionIndex, errorCode } of partitions) {
          if (errorCode === ErrorCode.NONE) continue
          throw resourceError(`group "${committer.group}" cannot commit ${name}/${partitionIndex}`, errorCode)
        }
      }
    },
    { capVersion: LAST_VERSION_WITH_TOPIC_NAMES },
  )
}

/** Gathers partitions by topic, for requests that name a topic once. */
export function groupByTopic<T extends TopicPartition>(items: readonly T[]): Map<string, T[]> {
  const byTopic = new Map<string, T[]>()
  for (const item of items) {
    const others = byTopic.get(item.topic)
    if (others === undefined) byTopic.set(item.topic, [item])
    else others.push(item)
  }
  return byTopic
}

/** v8 answers for several groups; before it the topics stand at the top. */
function readCommitted(answer: OffsetFetchResponse, group: string): CommittedOffset[] {
  const { errorCode, topics } = answer.groups.find(({ groupId }) => groupId === group) ?? answer
  if (errorCode !== ErrorCode.NONE) throw resourceError(`offsets of group "${group}"`, errorCode)
  const committed: CommittedOffset[] = []
  for (const { name, partitions } of topics) {
    for (const { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode } of partitions) {
      if (errorCode !== ErrorCode.NONE) {
        throw resourceError(`offset of group "${group}" in ${name}/${partitionIndex}`, errorCode)
      }
      // -1: nothing was committed there (trap 8).
      if (committedOffset < 0) continue
      committed.push({
        topic: name,
        partition: partitionIndex,
        offset: committedOffset,
        leaderEpoch: committedLeaderEpoch,
        metadata: metadata ?? '',
      })
    }
  }
  return committed
}
