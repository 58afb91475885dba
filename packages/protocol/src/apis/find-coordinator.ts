import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, between, int8, int16, int32, nullable, since, string, until } from '../schema/vocabulary.ts'

const coordinator = {
  key: string,
  nodeId: int32,
  host: string,
  port: int32,
  errorCode: int16,
  errorMessage: nullable(string),
}

const request = {
  key: until(3, string),
  keyType: since(1, int8),
  coordinatorKeys: since(4, array(string)),
}

const response = {
  throttleTimeMs: since(1, int32),
  errorCode: until(3, int16),
  errorMessage: between([1, 3], nullable(string)),
  nodeId: until(3, int32),
  host: until(3, string),
  port: until(3, int32),
  coordinators: since(4, array(coordinator)),
}

/**
 * Finds the broker that coordinates a group, a transactional id or a share partition. v1 key types, error messages and
 * throttle time. v3 flexible encoding. v4 several keys at once (KIP-699). v5 TRANSACTION_ABORTABLE (KIP-890). v6 share
 * groups (KIP-932).
 */
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  validVersions: [0, 6],
  flexibleSince: 3,
  request,
  response,
})

export type FindCoordinatorRequest = Decoded<typeof request>
export type FindCoordinatorResponse = Decoded<typeof response>
export type FindCoordinatorRequestInput = Input<typeof request>
export type FindCoordinatorResponseInput = Input<typeof response>
