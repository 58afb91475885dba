import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const alterableConfig = {
  name: string,
  configOperation: int8,
  value: nullable(string),
}

const alterConfigsResource = {
  resourceType: int8,
  resourceName: string,
  configs: array(alterableConfig),
}

const request = {
  resources: array(alterConfigsResource),
  validateOnly: boolean,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  responses: array({
    errorCode: int16,
    errorMessage: nullable(string),
    resourceType: int8,
    resourceName: string,
  }),
}

/** Sets, deletes, appends to and subtracts from single configs (KIP-339). v1 flexible encoding. */
export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  validVersions: [0, 1],
  flexibleSince: 1,
  request,
  response,
})

export type IncrementalAlterConfigsRequest = Decoded<typeof request>
export type IncrementalAlterConfigsResponse = Decoded<typeof response>
export type IncrementalAlterConfigsRequestInput = Input<typeof request>
export type IncrementalAlterConfigsResponseInput = Input<typeof response>
