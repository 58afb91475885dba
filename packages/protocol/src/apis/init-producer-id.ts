import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { boolean, int16, int32, int64, nullable, since, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  transactionalId: nullable(string),
  transactionTimeoutMs: int32,
  producerId: since(3, int64, -1),
  producerEpoch: since(3, int16, -1),
  enable2Pc: since(6, boolean),
  keepPreparedTxn: since(6, boolean),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  producerId: withDefault(int64, -1),
  producerEpoch: int16,
  ongoingTxnProducerId: since(6, int64, -1),
  ongoingTxnProducerEpoch: since(6, int16, -1),
}

/**
 * Gives an idempotent or transactional producer its id and epoch. v2 flexible encoding. v3 a producer may name the id it
 * has and go on with a new epoch (KIP-360). v4 PRODUCER_FENCED (KIP-588). v5 TRANSACTION_ABORTABLE (KIP-890). v6
 * two-phase commit (KIP-939).
 */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  validVersions: [0, 6],
  flexibleSince: 2,
  request,
  response,
})

export type InitProducerIdRequest = Decoded<typeof request>
export type InitProducerIdResponse = Decoded<typeof response>
export type InitProducerIdRequestInput = Input<typeof request>
export type InitProducerIdResponseInput = Input<typeof response>
