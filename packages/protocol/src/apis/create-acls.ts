import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const aclCreation = {
  resourceType: int8,
  resourceName: string,
  resourcePatternType: withDefault(int8, 3),
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
}

const request = {
  creations: array(aclCreation),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  results: array({ errorCode: int16, errorMessage: nullable(string) }),
}

/** Adds access control entries. v1 pattern types (KIP-290). v2 flexible encoding. v3 user resources. */
export const createAcls = defineApi({
  key: 30,
  name: 'CreateAcls',
  validVersions: [1, 3],
  flexibleSince: 2,
  request,
  response,
})

export type CreateAclsRequest = Decoded<typeof request>
export type CreateAclsResponse = Decoded<typeof response>
export type CreateAclsRequestInput = Input<typeof request>
export type CreateAclsResponseInput = Input<typeof response>
