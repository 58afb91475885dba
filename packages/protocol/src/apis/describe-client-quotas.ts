import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  float64,
  int8,
  int16,
  int32,
  nullable,
  string,
  withDefault,
} from '../schema/vocabulary.ts'

const request = {
  components: array({ entityType: string, matchType: int8, match: nullable(string) }),
  strict: boolean,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: nullable(string),
  entries: nullable(
    array({
      entity: array({ entityType: string, entityName: nullable(string) }),
      values: array({ key: string, value: float64 }),
    }),
  ),
}

/** Lists quotas that match a filter (KIP-546). v1 flexible encoding. */
export const describeClientQuotas = defineApi({
  key: 48,
  name: 'DescribeClientQuotas',
  validVersions: [0, 1],
  flexibleSince: 1,
  request,
  response,
})

export type DescribeClientQuotasRequest = Decoded<typeof request>
export type DescribeClientQuotasResponse = Decoded<typeof response>
export type DescribeClientQuotasRequestInput = Input<typeof request>
export type DescribeClientQuotasResponseInput = Input<typeof response>
