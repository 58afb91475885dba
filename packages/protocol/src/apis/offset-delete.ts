import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  groupId: string,
  topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }),
}

const response = {
  errorCode: int16,
  throttleTimeMs: withDefault(int32, 0),
  topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
}

/** Deletes committed offsets of a group (KIP-496). Never flexible. */
export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  validVersions: [0, 0],
  flexibleSince: null,
  request,
  response,
})

export type OffsetDeleteRequest = Decoded<typeof request>
export type OffsetDeleteResponse = Decoded<typeof response>
export type OffsetDeleteRequestInput = Input<typeof request>
export type OffsetDeleteResponseInput = Input<typeof response>
