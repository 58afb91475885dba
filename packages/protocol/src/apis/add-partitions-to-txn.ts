import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  int16,
  int32,
  int64,
  since,
  string,
  until,
  withDefault,
} from '../schema/vocabulary.ts'

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
}

const addPartitionsToTxnTransaction = {
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  verifyOnly: withDefault(boolean, false),
  topics: array(addPartitionsToTxnTopic),
}

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32,
  partitionErrorCode: int16,
}

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
}

const request = {
  transactions: since(4, array(addPartitionsToTxnTransaction)),
  v3AndBelowTransactionalId: until(3, string),
  v3AndBelowProducerId: until(3, int64),
  v3AndBelowProducerEpoch: until(3, int16),
  v3AndBelowTopics: until(3, array(addPartitionsToTxnTopic)),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: since(4, int16),
  resultsByTransaction: since(
    4,
    array({ transactionalId: string, topicResults: array(addPartitionsToTxnTopicResult) }),
  ),
  resultsByTopicV3AndBelow: until(3, array(addPartitionsToTxnTopicResult)),
}

/**
 * Registers partitions with a transaction. v2 PRODUCER_FENCED. v3 flexible encoding. v4 several transactions at once,
 * and a verify-only mode, both between brokers; clients stay at v3. v5 TRANSACTION_ABORTABLE (KIP-890).
 */
export const addPartitionsToTxn = defineApi({
  key: 24,
  name: 'AddPartitionsToTxn',
  validVersions: [0, 5],
  flexibleSince: 3,
  request,
  response,
})

export type AddPartitionsToTxnRequest = Decoded<typeof request>
export type AddPartitionsToTxnResponse = Decoded<typeof response>
export type AddPartitionsToTxnRequestInput = Input<typeof request>
export type AddPartitionsToTxnResponseInput = Input<typeof response>
