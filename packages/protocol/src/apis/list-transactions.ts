import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, int64, nullable, since, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  stateFilters: array(string),
  producerIdFilters: array(int64),
  durationFilter: since(1, int64, -1),
  transactionalIdPattern: since(2, nullable(string), null),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  unknownStateFilters: array(string),
  transactionStates: array({ transactionalId: string, producerId: int64, transactionState: string }),
}

/** Lists transactions (KIP-664). v1 filter by duration (KIP-994). v2 by a pattern of the transactional id (KIP-1152). */
export const listTransactions = defineApi({
  key: 66,
  name: 'ListTransactions',
  validVersions: [0, 2],
  flexibleSince: 0,
  request,
  response,
})

export type ListTransactionsRequest = Decoded<typeof request>
export type ListTransactionsResponse = Decoded<typeof response>
export type ListTransactionsRequestInput = Input<typeof request>
export type ListTransactionsResponseInput = Input<typeof response>
