import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, nullable, since, string, until, withDefault } from '../schema/vocabulary.ts'

const request = {
  groupId: string,
  memberId: until(2, string),
  members: since(
    3,
    array({
      memberId: string,
      groupInstanceId: withDefault(nullable(string), null),
      reason: since(5, nullable(string), null),
    }),
  ),
}

const response = {
  throttleTimeMs: since(1, int32),
  errorCode: int16,
  members: since(3, array({ memberId: string, groupInstanceId: nullable(string), errorCode: int16 })),
}

/**
 * Takes members out of a group. v1 throttle time. v3 several members at once, also by instance id (KIP-345). v4
 * flexible encoding. v5 a reason (KIP-800).
 */
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  validVersions: [0, 5],
  flexibleSince: 4,
  request,
  response,
})

export type LeaveGroupRequest = Decoded<typeof request>
export type LeaveGroupResponse = Decoded<typeof response>
export type LeaveGroupRequestInput = Input<typeof request>
export type LeaveGroupResponseInput = Input<typeof response>
