import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, int64, nullable, string, withDefault } from '../schema/vocabulary.ts'

const producerState = {
  producerId: int64,
  producerEpoch: int32,
  lastSequence: withDefault(int32, -1),
  lastTimestamp: withDefault(int64, -1),
  coordinatorEpoch: int32,
  currentTxnStartOffset: withDefault(int64, -1),
}

const partitionResponse = {
  partitionIndex: int32,
  errorCode: int16,
  errorMessage: withDefault(nullable(string), null),
  activeProducers: array(producerState),
}

const request = {
  topics: array({ name: string, partitionIndexes: array(int32) }),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  topics: array({ name: string, partitions: array(partitionResponse) }),
}

/** Idempotent and transactional producers that partitions remember (KIP-664). */
export const describeProducers = defineApi({
  key: 61,
  name: 'DescribeProducers',
  validVersions: [0, 0],
  flexibleSince: 0,
  request,
  response,
})

export type DescribeProducersRequest = Decoded<typeof request>
export type DescribeProducersResponse = Decoded<typeof response>
export type DescribeProducersRequestInput = Input<typeof request>
export type DescribeProducersResponseInput = Input<typeof response>
