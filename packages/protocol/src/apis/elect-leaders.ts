import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int8, int16, int32, nullable, since, string, withDefault } from '../schema/vocabulary.ts'

const partitionResult = {
  partitionId: int32,
  errorCode: int16,
  errorMessage: nullable(string),
}

const request = {
  electionType: since(1, int8),
  topicPartitions: nullable(array({ topic: string, partitions: array(int32) })),
  timeoutMs: withDefault(int32, 60_000),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: since(1, int16),
  replicaElectionResults: array({ topic: string, partitionResult: array(partitionResult) }),
}

/** Elects leaders of partitions (KIP-460). v1 election types and a top-level error. v2 flexible encoding. */
export const electLeaders = defineApi({
  key: 43,
  name: 'ElectLeaders',
  validVersions: [0, 2],
  flexibleSince: 2,
  request,
  response,
})

export type ElectLeadersRequest = Decoded<typeof request>
export type ElectLeadersResponse = Decoded<typeof response>
export type ElectLeadersRequestInput = Input<typeof request>
export type ElectLeadersResponseInput = Input<typeof response>
