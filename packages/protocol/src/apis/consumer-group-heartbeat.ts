import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  int16,
  int32,
  nullable,
  since,
  string,
  struct,
  uuid,
  withDefault,
} from '../schema/vocabulary.ts'

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
}

const request = {
  groupId: string,
  memberId: string,
  memberEpoch: int32,
  instanceId: withDefault(nullable(string), null),
  rackId: withDefault(nullable(string), null),
  rebalanceTimeoutMs: withDefault(int32, -1),
  subscribedTopicNames: withDefault(nullable(array(string)), null),
  subscribedTopicRegex: since(1, nullable(string), null),
  serverAssignor: withDefault(nullable(string), null),
  topicPartitions: withDefault(nullable(array(topicPartitions)), null),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: withDefault(nullable(string), null),
  memberId: withDefault(nullable(string), null),
  memberEpoch: int32,
  heartbeatIntervalMs: int32,
  assignment: withDefault(nullable(struct({ topicPartitions: array(topicPartitions) })), null),
}

/**
 * The one request of a KIP-848 group member. v1 subscription by regular expression, and the member chooses its own id
 * (KIP-1082).
 */
export const consumerGroupHeartbeat = defineApi({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  validVersions: [0, 1],
  flexibleSince: 0,
  request,
  response,
})

export type ConsumerGroupHeartbeatRequest = Decoded<typeof request>
export type ConsumerGroupHeartbeatResponse = Decoded<typeof response>
export type ConsumerGroupHeartbeatRequestInput = Input<typeof request>
export type ConsumerGroupHeartbeatResponseInput = Input<typeof response>
