import { ErrorCode } from '@millrace/protocol'
import type { OffsetFetchGroup, OffsetFetchGroupResponse } from '../group-event.ts'
import type { TopicView } from '../topic-view.ts'
import { type CommittedOffset, NO_TOPIC_ID } from './committed-offset.ts'
import type { CommittedOffsets } from './committed-offsets.ts'

type FetchedPartition = OffsetFetchGroupResponse['topics'][number]['partitions'][number]

/** Nothing committed is not an error, and its metadata is never null (trap 8). */
function nothingCommitted(partitionIndex: number): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: ErrorCode.NONE,
  }
}

/** What the group committed for the partitions it asks for, or for all where it names none. */
export function fetchOffsets(
  offsets: CommittedOffsets,
  topics: TopicView,
  { groupId, topics: asked }: OffsetFetchGroup,
): OffsetFetchGroupResponse {
  const found = asked === null ? everyTopic(offsets, topics, groupId) : undefined
  const answered = asked?.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partition) => {
      const committed = offsets.get(groupId, name, partition)
      const isCurrent = committed !== undefined && isOfTopic(topics, name, committed)
      return isCurrent ? fetchedPartition(partition, committed) : nothingCommitted(partition)
    }),
  }))
  return { groupId, topics: found ?? answered ?? [], errorCode: ErrorCode.NONE }
}

function everyTopic(
  offsets: CommittedOffsets,
  topics: TopicView,
  groupId: string,
): OffsetFetchGroupResponse['topics'] {
  const answered: { name: string; partitions: FetchedPartition[] }[] = []
  for (const [name, partitions] of offsets.ofGroup(groupId) ?? []) {
    const current = [...partitions].filter(([, committed]) => isOfTopic(topics, name, committed))
    if (current.length === 0) continue
    const fetched = current.map(([partition, committed]) => fetchedPartition(partition, committed))
    answered.push({ name, partitions: fetched })
  }
  return answered
}

function fetchedPartition(partitionIndex: number, committed: CommittedOffset): FetchedPartition {
  const { leaderEpoch, metadata, offset } = committed
  return {
    partitionIndex,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: ErrorCode.NONE,
  }
}

/**
 * A topic that was deleted and made again is another topic, and an offset of the old one means nothing in it. Its
 * offsets go when the topic goes; this is for the crash between the two.
 */
function isOfTopic(topics: TopicView, name: string, committed: CommittedOffset): boolean {
  if (committed.topicId === NO_TOPIC_ID) return true
  const present = topics.find(name)
  return present === undefined || present.topicId === committed.topicId
}
