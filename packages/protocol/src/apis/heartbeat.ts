import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { int16, int32, nullable, since, string } from '../schema/vocabulary.ts'

const request = {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullable(string), null),
}

const response = {
  throttleTimeMs: since(1, int32),
  errorCode: int16,
}

/** Keeps a member in its classic group. v1 throttle time. v3 static members (KIP-345). v4 flexible encoding. */
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  validVersions: [0, 4],
  flexibleSince: 4,
  request,
  response,
})

export type HeartbeatRequest = Decoded<typeof request>
export type HeartbeatResponse = Decoded<typeof response>
export type HeartbeatRequestInput = Input<typeof request>
export type HeartbeatResponseInput = Input<typeof response>
