import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  between,
  boolean,
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

const offsetFetchRequestTopics = {
  name: until(9, string),
  topicId: since(10, uuid),
  partitionIndexes: array(int32),
}

const offsetFetchRequestGroup = {
  groupId: string,
  memberId: since(9, nullable(string), null),
  memberEpoch: since(9, int32, -1),
  topics: nullable(array(offsetFetchRequestTopics)),
}

const offsetFetchResponsePartition = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: since(5, int32, -1),
  metadata: nullable(string),
  errorCode: int16,
}

const offsetFetchResponsePartitions = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: withDefault(int32, -1),
  metadata: nullable(string),
  errorCode: int16,
}

const offsetFetchResponseTopics = {
  name: until(9, string),
  topicId: since(10, uuid),
  partitions: array(offsetFetchResponsePartitions),
}

const offsetFetchResponseGroup = {
  groupId: string,
  topics: array(offsetFetchResponseTopics),
  errorCode: withDefault(int16, 0),
}

const request = {
  groupId: until(7, string),
  topics: until(7, nullable(array({ name: string, partitionIndexes: array(int32) }), 2)),
  groups: since(8, array(offsetFetchRequestGroup)),
  requireStable: since(7, boolean),
}

const response = {
  throttleTimeMs: since(3, int32),
  topics: until(7, array({ name: string, partitions: array(offsetFetchResponsePartition) })),
  errorCode: between([2, 7], int16),
  groups: since(8, array(offsetFetchResponseGroup)),
}

/**
 * Reads committed offsets. v2 null topics ask for all, and a top-level error exists. v3 throttle time. v5 leader
 * epochs. v6 flexible encoding. v7 can insist on stable offsets (KIP-447). v8 asks for several groups at once
 * (KIP-709). v9 member id and epoch for KIP-848 groups. v10 topic ids instead of names.
 */
export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  validVersions: [1, 10],
  flexibleSince: 6,
  request,
  response,
})

export type OffsetFetchRequest = Decoded<typeof request>
export type OffsetFetchResponse = Decoded<typeof response>
export type OffsetFetchRequestInput = Input<typeof request>
export type OffsetFetchResponseInput = Input<typeof response>
