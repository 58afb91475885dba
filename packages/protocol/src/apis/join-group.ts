import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  bytes,
  int16,
  int32,
  nullable,
  since,
  string,
  withDefault,
} from '../schema/vocabulary.ts'

const request = {
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: since(1, int32, -1),
  memberId: string,
  groupInstanceId: since(5, nullable(string), null),
  protocolType: string,
  protocols: array({ name: string, metadata: bytes }),
  reason: since(8, nullable(string), null),
}

const response = {
  throttleTimeMs: since(2, int32),
  errorCode: int16,
  generationId: withDefault(int32, -1),
  protocolType: since(7, nullable(string), null),
  protocolName: nullable(string, 7),
  leader: string,
  skipAssignment: since(9, boolean),
  memberId: string,
  members: array({ memberId: string, groupInstanceId: since(5, nullable(string), null), metadata: bytes }),
}

/**
 * Enters a classic group. v1 a rebalance timeout of its own. v4 answers a first join with MEMBER_ID_REQUIRED (KIP-394).
 * v5 static members (KIP-345). v6 flexible encoding. v7 names the protocol type (KIP-559). v8 a reason (KIP-800). v9
 * can tell the leader to skip its assignment (KIP-814).
 */
export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  validVersions: [0, 9],
  flexibleSince: 6,
  request,
  response,
})

export type JoinGroupRequest = Decoded<typeof request>
export type JoinGroupResponse = Decoded<typeof response>
export type JoinGroupRequestInput = Input<typeof request>
export type JoinGroupResponseInput = Input<typeof response>
