import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  nullable,
  since,
  string,
  until,
  withDefault,
} from '../schema/vocabulary.ts'

const request = {
  timeoutMs: withDefault(int32, 60_000),
  featureUpdates: array({
    feature: string,
    maxVersionLevel: int16,
    allowDowngrade: until(0, boolean),
    upgradeType: since(1, int8, 1),
  }),
  validateOnly: since(1, boolean),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: nullable(string),
  results: until(1, array({ feature: string, errorCode: int16, errorMessage: nullable(string) })),
}

/**
 * Finalizes feature versions (KIP-584). v1 validate-only, and kinds of upgrade instead of a downgrade flag (KIP-778).
 * v2 has one error for all features.
 */
export const updateFeatures = defineApi({
  key: 57,
  name: 'UpdateFeatures',
  validVersions: [0, 2],
  flexibleSince: 0,
  request,
  response,
})

export type UpdateFeaturesRequest = Decoded<typeof request>
export type UpdateFeaturesResponse = Decoded<typeof response>
export type UpdateFeaturesRequestInput = Input<typeof request>
export type UpdateFeaturesResponseInput = Input<typeof response>
