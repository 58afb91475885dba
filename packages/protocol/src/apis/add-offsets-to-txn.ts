import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { int16, int32, int64, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  groupId: string,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
}

/**
 * Registers a group's offsets with a transaction. v2 PRODUCER_FENCED. v3 flexible encoding. v4
 * TRANSACTION_ABORTABLE (KIP-890).
 */
export const addOffsetsToTxn = defineApi({
  key: 25,
  name: 'AddOffsetsToTxn',
  validVersions: [0, 4],
  flexibleSince: 3,
  request,
  response,
})

export type AddOffsetsToTxnRequest = Decoded<typeof request>
export type AddOffsetsToTxnResponse = Decoded<typeof response>
export type AddOffsetsToTxnRequestInput = Input<typeof request>
export type AddOffsetsToTxnResponseInput = Input<typeof response>
