import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  clampedInt64,
  int16,
  int32,
  int64,
  nullable,
  since,
  string,
  until,
  uuid,
  withDefault,
} from '../schema/vocabulary.ts'

const offsetCommitRequestPartition = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: since(6, int32, -1),
  committedMetadata: nullable(string),
}

const offsetCommitRequestTopic = {
  name: until(9, string),
  topicId: since(10, uuid),
  partitions: array(offsetCommitRequestPartition),
}

const offsetCommitResponseTopic = {
  name: until(9, string),
  topicId: since(10, uuid),
  partitions: array({ partitionIndex: int32, errorCode: int16 }),
}

const request = {
  groupId: string,
  generationIdOrMemberEpoch: withDefault(int32, -1),
  memberId: string,
  groupInstanceId: since(7, nullable(string), null),
  retentionTimeMs: until(4, clampedInt64, -1),
  topics: array(offsetCommitRequestTopic),
}

const response = {
  throttleTimeMs: since(3, int32),
  topics: array(offsetCommitResponseTopic),
}

/**
 * Commits consumed offsets of a group. v2-4 let the client choose how long they are kept. v6 leader epochs (KIP-320).
 * v7 static members (KIP-345). v8 flexible encoding. v9 is for KIP-848 groups, its bytes are those of v8. v10 topic
 * ids instead of names.
 */
export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  validVersions: [2, 10],
  flexibleSince: 8,
  request,
  response,
})

export type OffsetCommitRequest = Decoded<typeof request>
export type OffsetCommitResponse = Decoded<typeof response>
export type OffsetCommitRequestInput = Input<typeof request>
export type OffsetCommitResponseInput = Input<typeof response>
