import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, int64, string, withDefault } from '../schema/vocabulary.ts'

const deleteRecordsPartitionResult = {
  partitionIndex: int32,
  lowWatermark: int64,
  errorCode: int16,
}

const request = {
  topics: array({ name: string, partitions: array({ partitionIndex: int32, offset: int64 }) }),
  timeoutMs: int32,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  topics: array({ name: string, partitions: array(deleteRecordsPartitionResult) }),
}

/** Moves the log start offset up. v2 flexible encoding. */
export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  validVersions: [0, 2],
  flexibleSince: 2,
  request,
  response,
})

export type DeleteRecordsRequest = Decoded<typeof request>
export type DeleteRecordsResponse = Decoded<typeof response>
export type DeleteRecordsRequestInput = Input<typeof request>
export type DeleteRecordsResponseInput = Input<typeof response>
