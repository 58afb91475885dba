import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, clampedInt64, int8, int16, int32, int64, since, string, until } from '../schema/vocabulary.ts'

const listOffsetsPartition = {
  partitionIndex: int32,
  currentLeaderEpoch: since(4, int32, -1),
  timestamp: clampedInt64,
  maxNumOffsets: until(0, int32, 1),
}

const listOffsetsPartitionResponse = {
  partitionIndex: int32,
  errorCode: int16,
  oldStyleOffsets: until(0, array(int64)),
  timestamp: since(1, int64, -1),
  offset: since(1, int64, -1),
  leaderEpoch: since(4, int32, -1),
}

const request = {
  replicaId: int32,
  isolationLevel: since(2, int8),
  topics: array({ name: string, partitions: array(listOffsetsPartition) }),
  timeoutMs: since(10, int32),
}

const response = {
  throttleTimeMs: since(2, int32),
  topics: array({ name: string, partitions: array(listOffsetsPartitionResponse) }),
}

/**
 * Finds offsets by timestamp. v0 returns a list of segment boundaries instead of one offset. v2 isolation level.
 * v4 leader epochs (KIP-320). v6 flexible encoding. v7 allows -3, the offset of the maximum timestamp (KIP-734).
 * v8 -4, the earliest local offset (KIP-405). v9 -5, the last tiered one (KIP-1005). v10 a timeout for look-ups in
 * remote storage (KIP-1075). v11 -6, the earliest pending upload (KIP-1023).
 */
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  validVersions: [0, 11],
  flexibleSince: 6,
  request,
  response,
})

export type ListOffsetsRequest = Decoded<typeof request>
export type ListOffsetsResponse = Decoded<typeof response>
export type ListOffsetsRequestInput = Input<typeof request>
export type ListOffsetsResponseInput = Input<typeof response>
