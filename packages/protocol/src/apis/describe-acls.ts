import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const aclDescription = {
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
}

const describeAclsResource = {
  resourceType: int8,
  resourceName: string,
  patternType: withDefault(int8, 3),
  acls: array(aclDescription),
}

const request = {
  resourceTypeFilter: int8,
  resourceNameFilter: nullable(string),
  patternTypeFilter: withDefault(int8, 3),
  principalFilter: nullable(string),
  hostFilter: nullable(string),
  operation: int8,
  permissionType: int8,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: nullable(string),
  resources: array(describeAclsResource),
}

/** Lists access control entries that match a filter. v1 pattern types (KIP-290). v2 flexible encoding. v3 user resources. */
export const describeAcls = defineApi({
  key: 29,
  name: 'DescribeAcls',
  validVersions: [1, 3],
  flexibleSince: 2,
  request,
  response,
})

export type DescribeAclsRequest = Decoded<typeof request>
export type DescribeAclsResponse = Decoded<typeof response>
export type DescribeAclsRequestInput = Input<typeof request>
export type DescribeAclsResponseInput = Input<typeof response>
