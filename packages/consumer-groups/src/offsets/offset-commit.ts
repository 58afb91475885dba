import { ErrorCode, type OffsetCommitRequest, type OffsetCommitResponseInput } from '@millrace/protocol'
import type { ClassicGroup } from '../classic/classic-group.ts'
import { memberError } from '../classic/validate-member.ts'
import type { GroupEvent } from '../group-event.ts'
import type { GroupRecord } from '../records/group-record.ts'
import { offsetCommitBytes } from '../records/offset-commit-record.ts'
import type { Step } from '../step.ts'
import type { TopicFacts } from '../topic-view.ts'

type CommitEvent = Extract<GroupEvent, { kind: 'offset-commit' }>
type RequestPartition = OffsetCommitRequest['topics'][number]['partitions'][number]
type CommitRecord = Extract<GroupRecord, { kind: 'offset-commit' }>

const MAX_STRING_BYTES = 32_767
const UNKNOWN = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION

interface CommitPlan {
  readonly response: OffsetCommitResponseInput
  readonly records: readonly CommitRecord[]
}

/** Says of one existing partition whether it may be committed: NONE, or the error. */
export type CommitCheck = (topicId: string, partition: number) => number

/** Records where the group stands, partition by partition. Partitions that do not exist are told so, whatever the check. */
export function commitOffsets(step: Step, event: CommitEvent, check: CommitCheck): void {
  const plan = planCommit(step, event, check)
  if (persistedBytes(plan.records) <= step.config.maxPersistedBytes) {
    for (const record of plan.records) step.persist(record)
    step.reply(event.token, plan.response)
  } else {
    step.reply(event.token, planCommit(step, event, () => ErrorCode.INVALID_COMMIT_OFFSET_SIZE).response)
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

function planCommit(step: Step, { request }: CommitEvent, check: CommitCheck): CommitPlan {
  const records: CommitRecord[] = []
  const topics = request.topics.map((topic) => {
    const facts = step.topics.find(topic.name)
    const partitions = topic.partitions.map((partition) => {
      const { partitionIndex } = partition
      const errorCode = facts === undefined ? UNKNOWN : partitionError(step, { facts, check, partition })
      if (facts !== undefined && errorCode === ErrorCode.NONE) {
        records.push(commitRecord(step, request, { facts, partition }))
      }
      return { partitionIndex, errorCode }
    })
    return { name: topic.name, partitions }
  })
  return { response: { topics }, records }
}

function partitionError(
  step: Step,
  { check, facts, partition }: { facts: TopicFacts; check: CommitCheck; partition: RequestPartition },
): number {
  const { committedMetadata, partitionIndex } = partition
  if (partitionIndex < 0 || partitionIndex >= facts.partitionCount) return UNKNOWN
  const errorCode = check(facts.topicId, partitionIndex)
  if (errorCode !== ErrorCode.NONE) return errorCode
  const metadata = committedMetadata ?? ''
  // Kafka counts characters; the second bound is what an answer that is not flexible can carry.
  const isTooLong =
    metadata.length > step.config.offsetMetadataMaxBytes || Buffer.byteLength(metadata) > MAX_STRING_BYTES
  return isTooLong ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE
}

function commitRecord(
  step: Step,
  { groupId, retentionTimeMs }: OffsetCommitRequest,
  { facts, partition }: { facts: TopicFacts; partition: RequestPartition },
): CommitRecord {
  return {
    kind: 'offset-commit',
    groupId,
    topic: facts.name,
    partition: partition.partitionIndex,
    value: {
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestampMs: step.nowMs,
      expireTimestampMs: retentionTimeMs >= 0 ? step.nowMs + retentionTimeMs : -1,
      topicId: facts.topicId,
    },
  }
}

function persistedBytes(records: readonly CommitRecord[]): number {
  let total = 0
  for (const record of records) total += offsetCommitBytes(record)
  return total
}
