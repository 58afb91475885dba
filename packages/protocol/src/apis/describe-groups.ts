import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, bytes, int16, int32, nullable, since, string } from '../schema/vocabulary.ts'

const describedGroupMember = {
  memberId: string,
  groupInstanceId: since(4, nullable(string), null),
  clientId: string,
  clientHost: string,
  memberMetadata: bytes,
  memberAssignment: bytes,
}

const describedGroup = {
  errorCode: int16,
  errorMessage: since(6, nullable(string), null),
  groupId: string,
  groupState: string,
  protocolType: string,
  protocolData: string,
  members: array(describedGroupMember),
  authorizedOperations: since(3, int32, -0x8000_0000),
}

const request = {
  groups: array(string),
  includeAuthorizedOperations: since(3, boolean),
}

const response = {
  throttleTimeMs: since(1, int32),
  groups: array(describedGroup),
}

/**
 * Describes classic groups. v1 throttle time. v3 authorized operations (KIP-430). v4 static members (KIP-345). v5
 * flexible encoding. v6 error messages, and GROUP_ID_NOT_FOUND for an unknown group (KIP-1043).
 */
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  validVersions: [0, 6],
  flexibleSince: 5,
  request,
  response,
})

export type DescribeGroupsRequest = Decoded<typeof request>
export type DescribeGroupsResponse = Decoded<typeof response>
export type DescribeGroupsRequestInput = Input<typeof request>
export type DescribeGroupsResponseInput = Input<typeof response>
