import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, int8, int16, int32, int64, since, string } from '../schema/vocabulary.ts'

const writableTxnMarker = {
  producerId: int64,
  producerEpoch: int16,
  transactionResult: boolean,
  topics: array({ name: string, partitionIndexes: array(int32) }),
  coordinatorEpoch: int32,
  transactionVersion: since(2, int8),
}

const request = {
  markers: array(writableTxnMarker),
}

const response = {
  markers: array({
    producerId: int64,
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  }),
}

/**
 * Writes the end of a transaction into its partitions: between brokers, and what `kafka-transactions abort` sends.
 * v1 flexible encoding. v2 the transaction's version (KIP-1228).
 */
export const writeTxnMarkers = defineApi({
  key: 27,
  name: 'WriteTxnMarkers',
  validVersions: [1, 2],
  flexibleSince: 1,
  request,
  response,
})

export type WriteTxnMarkersRequest = Decoded<typeof request>
export type WriteTxnMarkersResponse = Decoded<typeof response>
export type WriteTxnMarkersRequestInput = Input<typeof request>
export type WriteTxnMarkersResponseInput = Input<typeof response>
