import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, float64, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const opData = {
  key: string,
  value: float64,
  remove: boolean,
}

const entryData = {
  errorCode: int16,
  errorMessage: nullable(string),
  entity: array({ entityType: string, entityName: nullable(string) }),
}

const request = {
  entries: array({ entity: array({ entityType: string, entityName: nullable(string) }), ops: array(opData) }),
  validateOnly: boolean,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  entries: array(entryData),
}

/** Sets and removes quotas (KIP-546). v1 flexible encoding. */
export const alterClientQuotas = defineApi({
  key: 49,
  name: 'AlterClientQuotas',
  validVersions: [0, 1],
  flexibleSince: 1,
  request,
  response,
})

export type AlterClientQuotasRequest = Decoded<typeof request>
export type AlterClientQuotasResponse = Decoded<typeof response>
export type AlterClientQuotasRequestInput = Input<typeof request>
export type AlterClientQuotasResponseInput = Input<typeof response>
