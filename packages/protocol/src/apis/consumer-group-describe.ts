import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  int8,
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
  topicName: string,
  partitions: array(int32),
}

const assignment = {
  topicPartitions: array(topicPartitions),
}

const member = {
  memberId: string,
  instanceId: withDefault(nullable(string), null),
  rackId: withDefault(nullable(string), null),
  memberEpoch: int32,
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  subscribedTopicRegex: withDefault(nullable(string), null),
  assignment: struct(assignment),
  targetAssignment: struct(assignment),
  memberType: since(1, int8, -1),
}

const describedGroup = {
  errorCode: int16,
  errorMessage: withDefault(nullable(string), null),
  groupId: string,
  groupState: string,
  groupEpoch: int32,
  assignmentEpoch: int32,
  assignorName: string,
  members: array(member),
  authorizedOperations: withDefault(int32, -0x8000_0000),
}

const request = {
  groupIds: array(string),
  includeAuthorizedOperations: boolean,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  groups: array(describedGroup),
}

/** Describes KIP-848 groups. v1 says which protocol a member speaks (KIP-1099). */
export const consumerGroupDescribe = defineApi({
  key: 69,
  name: 'ConsumerGroupDescribe',
  validVersions: [0, 1],
  flexibleSince: 0,
  request,
  response,
})

export type ConsumerGroupDescribeRequest = Decoded<typeof request>
export type ConsumerGroupDescribeResponse = Decoded<typeof response>
export type ConsumerGroupDescribeRequestInput = Input<typeof request>
export type ConsumerGroupDescribeResponseInput = Input<typeof response>
