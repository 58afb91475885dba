import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, int64, nullable, since, string, withDefault } from '../schema/vocabulary.ts'

const txnOffsetCommitRequestPartition = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: since(2, int32, -1),
  committedMetadata: nullable(string),
}

const request = {
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationId: since(3, int32, -1),
  memberId: since(3, string),
  groupInstanceId: since(3, nullable(string), null),
  topics: array({ name: string, partitions: array(txnOffsetCommitRequestPartition) }),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
}

/**
 * Commits offsets as part of a transaction. v2 leader epochs. v3 flexible encoding, and the member behind the commit
 * (KIP-447). v4 TRANSACTION_ABORTABLE. v5 adds the group to the transaction implicitly (KIP-890).
 */
export const txnOffsetCommit = defineApi({
  key: 28,
  name: 'TxnOffsetCommit',
  validVersions: [0, 5],
  flexibleSince: 3,
  request,
  response,
})

export type TxnOffsetCommitRequest = Decoded<typeof request>
export type TxnOffsetCommitResponse = Decoded<typeof response>
export type TxnOffsetCommitRequestInput = Input<typeof request>
export type TxnOffsetCommitResponseInput = Input<typeof response>
