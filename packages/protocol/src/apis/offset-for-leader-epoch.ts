import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, int64, since, string, withDefault } from '../schema/vocabulary.ts'

const offsetForLeaderPartition = {
  partition: int32,
  currentLeaderEpoch: withDefault(int32, -1),
  leaderEpoch: int32,
}

const epochEndOffset = {
  errorCode: int16,
  partition: int32,
  leaderEpoch: withDefault(int32, -1),
  endOffset: withDefault(int64, -1),
}

const request = {
  replicaId: since(3, int32, -2),
  topics: array({ topic: string, partitions: array(offsetForLeaderPartition) }),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  topics: array({ topic: string, partitions: array(epochEndOffset) }),
}

/** Where a leader epoch ended, so that a reader notices a truncated log (KIP-320). v3 replica id. v4 flexible encoding. */
export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  validVersions: [2, 4],
  flexibleSince: 4,
  request,
  response,
})

export type OffsetForLeaderEpochRequest = Decoded<typeof request>
export type OffsetForLeaderEpochResponse = Decoded<typeof response>
export type OffsetForLeaderEpochRequestInput = Input<typeof request>
export type OffsetForLeaderEpochResponseInput = Input<typeof response>
