import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const deleteAclsFilter = {
  resourceTypeFilter: int8,
  resourceNameFilter: nullable(string),
  patternTypeFilter: withDefault(int8, 3),
  principalFilter: nullable(string),
  hostFilter: nullable(string),
  operation: int8,
  permissionType: int8,
}

const deleteAclsMatchingAcl = {
  errorCode: int16,
  errorMessage: nullable(string),
  resourceType: int8,
  resourceName: string,
  patternType: withDefault(int8, 3),
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
}

const deleteAclsFilterResult = {
  errorCode: int16,
  errorMessage: nullable(string),
  matchingAcls: array(deleteAclsMatchingAcl),
}

const request = {
  filters: array(deleteAclsFilter),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  filterResults: array(deleteAclsFilterResult),
}

/** Removes access control entries that match filters. v1 pattern types (KIP-290). v2 flexible encoding. v3 user resources. */
export const deleteAcls = defineApi({
  key: 31,
  name: 'DeleteAcls',
  validVersions: [1, 3],
  flexibleSince: 2,
  request,
  response,
})

export type DeleteAclsRequest = Decoded<typeof request>
export type DeleteAclsResponse = Decoded<typeof response>
export type DeleteAclsRequestInput = Input<typeof request>
export type DeleteAclsResponseInput = Input<typeof response>
