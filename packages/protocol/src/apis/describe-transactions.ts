import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, int64, string, withDefault } from '../schema/vocabulary.ts'

const transactionState = {
  errorCode: int16,
  transactionalId: string,
  transactionState: string,
  transactionTimeoutMs: int32,
  transactionStartTimeMs: int64,
  producerId: int64,
  producerEpoch: int16,
  topics: array({ topic: string, partitions: array(int32) }),
}

const request = {
  transactionalIds: array(string),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  transactionStates: array(transactionState),
}

/** State of transactions by transactional id (KIP-664). */
export const describeTransactions = defineApi({
  key: 65,
  name: 'DescribeTransactions',
  validVersions: [0, 0],
  flexibleSince: 0,
  request,
  response,
})

export type DescribeTransactionsRequest = Decoded<typeof request>
export type DescribeTransactionsResponse = Decoded<typeof response>
export type DescribeTransactionsRequestInput = Input<typeof request>
export type DescribeTransactionsResponseInput = Input<typeof response>
