import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const alterConfigsResource = {
  resourceType: int8,
  resourceName: string,
  configs: array({ name: string, value: nullable(string) }),
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

/** Replaces all configs of a resource; IncrementalAlterConfigs is the better one. v2 flexible encoding. */
export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  validVersions: [0, 2],
  flexibleSince: 2,
  request,
  response,
})

export type AlterConfigsRequest = Decoded<typeof request>
export type AlterConfigsResponse = Decoded<typeof response>
export type AlterConfigsRequestInput = Input<typeof request>
export type AlterConfigsResponseInput = Input<typeof response>
