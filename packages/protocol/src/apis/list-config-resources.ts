import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int8, int16, int32, since, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  resourceTypes: since(1, array(int8)),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  configResources: array({ resourceName: string, resourceType: since(1, int8, 16) }),
}

/** Lists resources that have configs; v0 knew client metrics only (KIP-1142). */
export const listConfigResources = defineApi({
  key: 74,
  name: 'ListConfigResources',
  validVersions: [0, 1],
  flexibleSince: 0,
  request,
  response,
})

export type ListConfigResourcesRequest = Decoded<typeof request>
export type ListConfigResourcesResponse = Decoded<typeof response>
export type ListConfigResourcesRequestInput = Input<typeof request>
export type ListConfigResourcesResponseInput = Input<typeof response>
