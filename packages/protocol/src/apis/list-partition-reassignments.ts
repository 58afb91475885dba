import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const ongoingPartitionReassignment = {
  partitionIndex: int32,
  replicas: array(int32),
  addingReplicas: array(int32),
  removingReplicas: array(int32),
}

const request = {
  timeoutMs: withDefault(int32, 60_000),
  topics: withDefault(nullable(array({ name: string, partitionIndexes: array(int32) })), null),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: nullable(string),
  topics: array({ name: string, partitions: array(ongoingPartitionReassignment) }),
}

/** Reassignments under way (KIP-455). */
export const listPartitionReassignments = defineApi({
  key: 46,
  name: 'ListPartitionReassignments',
  validVersions: [0, 0],
  flexibleSince: 0,
  request,
  response,
})

export type ListPartitionReassignmentsRequest = Decoded<typeof request>
export type ListPartitionReassignmentsResponse = Decoded<typeof response>
export type ListPartitionReassignmentsRequestInput = Input<typeof request>
export type ListPartitionReassignmentsResponseInput = Input<typeof response>
