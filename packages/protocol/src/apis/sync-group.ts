import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, bytes, int16, int32, nullable, since, string } from '../schema/vocabulary.ts'

const request = {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullable(string), null),
  protocolType: since(5, nullable(string), null),
  protocolName: since(5, nullable(string), null),
  assignments: array({ memberId: string, assignment: bytes }),
}

const response = {
  throttleTimeMs: since(1, int32),
  errorCode: int16,
  protocolType: since(5, nullable(string), null),
  protocolName: since(5, nullable(string), null),
  assignment: bytes,
}

/**
 * Hands the leader's assignment to every member. v1 throttle time. v3 static members (KIP-345). v4 flexible encoding.
 * v5 names protocol type and protocol, which must match the group's (KIP-559).
 */
export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  validVersions: [0, 5],
  flexibleSince: 4,
  request,
  response,
})

export type SyncGroupRequest = Decoded<typeof request>
export type SyncGroupResponse = Decoded<typeof response>
export type SyncGroupRequestInput = Input<typeof request>
export type SyncGroupResponseInput = Input<typeof response>
