import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { boolean, int16, int32, int64, since, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  committed: boolean,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  producerId: since(5, int64, -1),
  producerEpoch: since(5, int16, -1),
}

/**
 * Commits or aborts a transaction. v2 PRODUCER_FENCED. v3 flexible encoding. v4 TRANSACTION_ABORTABLE. v5 returns the
 * epoch for the next transaction (KIP-890 part 2).
 */
export const endTxn = defineApi({
  key: 26,
  name: 'EndTxn',
  validVersions: [0, 5],
  flexibleSince: 3,
  request,
  response,
})

export type EndTxnRequest = Decoded<typeof request>
export type EndTxnResponse = Decoded<typeof response>
export type EndTxnRequestInput = Input<typeof request>
export type EndTxnResponseInput = Input<typeof response>
