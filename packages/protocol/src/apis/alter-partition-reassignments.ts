import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, int16, int32, nullable, since, string, withDefault } from '../schema/vocabulary.ts'

const reassignablePartitionResponse = {
  partitionIndex: int32,
  errorCode: int16,
  errorMessage: nullable(string),
}

const request = {
  timeoutMs: withDefault(int32, 60_000),
  allowReplicationFactorChange: since(1, boolean, true),
  topics: array({
    name: string,
    partitions: array({ partitionIndex: int32, replicas: withDefault(nullable(array(int32)), null) }),
  }),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  allowReplicationFactorChange: since(1, boolean, true),
  errorCode: int16,
  errorMessage: nullable(string),
  responses: array({ name: string, partitions: array(reassignablePartitionResponse) }),
}

/** Starts or cancels moving partitions between brokers (KIP-455). v1 may forbid a change of the replication factor. */
export const alterPartitionReassignments = defineApi({
  key: 45,
  name: 'AlterPartitionReassignments',
  validVersions: [0, 1],
  flexibleSince: 0,
  request,
  response,
})

export type AlterPartitionReassignmentsRequest = Decoded<typeof request>
export type AlterPartitionReassignmentsResponse = Decoded<typeof response>
export type AlterPartitionReassignmentsRequestInput = Input<typeof request>
export type AlterPartitionReassignmentsResponseInput = Input<typeof response>
