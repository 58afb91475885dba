import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const createPartitionsTopic = {
  name: string,
  count: int32,
  assignments: nullable(array({ brokerIds: array(int32) })),
}

const request = {
  topics: array(createPartitionsTopic),
  timeoutMs: int32,
  validateOnly: boolean,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  results: array({ name: string, errorCode: int16, errorMessage: withDefault(nullable(string), null) }),
}

/** Adds partitions to topics. v2 flexible encoding. v3 THROTTLING_QUOTA_EXCEEDED (KIP-599). */
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  validVersions: [0, 3],
  flexibleSince: 2,
  request,
  response,
})

export type CreatePartitionsRequest = Decoded<typeof request>
export type CreatePartitionsResponse = Decoded<typeof response>
export type CreatePartitionsRequestInput = Input<typeof request>
export type CreatePartitionsResponseInput = Input<typeof response>
