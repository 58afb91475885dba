import { ErrorCode, type OffsetCommitRequest, type OffsetCommitResponseInput } from '@millrace/protocol'
import type { ClassicGroup } from '../classic/classic-group.ts'
import { memberError } from '../classic/validate-member.ts'
import type { GroupEvent } from '../group-event.ts'
import type { GroupRecord } from '../records/group-record.ts'
import { offsetCommitBytes } from '../records/offset-commit-record.ts'
import type { Step } from '../step.ts'
import type { TopicFacts } from '../topic-view.ts'
import { NO_TOPIC_ID } from './committed-offset.ts'

type CommitEvent = Extract<GroupEvent, { kind: 'offset-commit' }>
type RequestTopic = OffsetCommitRequest['topics'][number]
type RequestPartition = RequestTopic['partitions'][number]
type CommitRecord = Extract<GroupRecord, { kind: 'offset-commit' }>

const MAX_STRING_BYTES = 32_767

interface CommitPlan {
  readonly response: OffsetCommitResponseInput
  readonly records: readonly CommitRecord[]
}

/** Records where the group stands, partition by partition. `groupError` fails what exists; what does not is told so anyway. */
export function commitOffsets(step: Step, event: CommitEvent, groupError: number): void {
  const plan = planCommit(step, event, groupError)
  if (persistedBytes(plan.records) <= step.config.maxPersistedBytes) {
    for (const record of plan.records) step.persist(record)
    step.reply(event.token, plan.response)
  } else {
    step.reply(event.token, planCommit(step, event, ErrorCode.INVALID_COMMIT_OFFSET_SIZE).response)
  }
}

/**
 * Whether a classic group takes this commit. Members must be known and of the present generation; those who are
 * no members may commit only while there are none. Source: Kafka's ClassicGroup.validateOffsetCommit, trap 16.
 */
export function classicCommitError(group: ClassicGroup, request: OffsetCommitRequest): number {
  const { generationIdOrMemberEpoch: generationId, groupInstanceId, memberId } = request
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE
  const isFromMember = generationId >= 0 || memberId !== '' || groupInstanceId !== null
  if (!isFromMember) return group.state === 'Empty' ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  const errorCode = memberError(group, { memberId, groupInstanceId })
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
  return group.state === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
}

/** A commit to a group that does not exist: fine without a generation, and the group is made. */
export function unknownGroupCommitError({ origin, request }: CommitEvent): number {
  if (request.generationIdOrMemberEpoch < 0) return ErrorCode.NONE
  return origin.apiVersion >= 9 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION
}

function planCommit(step: Step, event: CommitEvent, groupError: number): CommitPlan {
  const { request } = event
  const records: CommitRecord[] = []
  const topics = request.topics.map((topic) => {
    const facts = step.topics.find(topic.name)
    const partitions = topic.partitions.map((partition) => {
      const errorCode = partitionError(step, { facts, groupError, partition })
      if (errorCode === ErrorCode.NONE) records.push(commitRecord(step, request, { topic, facts, partition }))
      return { partitionIndex: partition.partitionIndex, errorCode }
    })
    return { name: topic.name, partitions }
  })
  return { response: { topics }, records }
}

function partitionError(
  step: Step,
  {
    facts,
    groupError,
    partition,
  }: { facts: TopicFacts | undefined; groupError: number; partition: RequestPartition },
): number {
  const { committedMetadata, partitionIndex } = partition
  if (facts === undefined || partitionIndex < 0 || partitionIndex >= facts.partitionCount) {
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  }
  if (groupError !== ErrorCode.NONE) return groupError
  const metadata = committedMetadata ?? ''
  // Kafka counts characters; the second bound is what an answer that is not flexible can carry.
  const isTooLong =
    metadata.length > step.config.offsetMetadataMaxBytes || Buffer.byteLength(metadata) > MAX_STRING_BYTES
  return isTooLong ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE
}

function commitRecord(
  step: Step,
  request: OffsetCommitRequest,
  {
    facts,
    partition,
    topic,
  }: { topic: RequestTopic; facts: TopicFacts | undefined; partition: RequestPartition },
): CommitRecord {
  const { retentionTimeMs } = request
  return {
    kind: 'offset-commit',
    groupId: request.groupId,
    topic: topic.name,
    partition: partition.partitionIndex,
    value: {
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestampMs: step.nowMs,
      expireTimestampMs: retentionTimeMs >= 0 ? step.nowMs + retentionTimeMs : -1,
      topicId: facts?.topicId ?? NO_TOPIC_ID,
    },
  }
}

function persistedBytes(records: readonly CommitRecord[]): number {
  let total = 0
  for (const record of records) total += offsetCommitBytes(record)
  return total
}
