import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  int16,
  int32,
  nullable,
  string,
  struct,
  uuid,
  withDefault,
} from '../schema/vocabulary.ts'

const describeTopicPartitionsResponsePartition = {
  errorCode: int16,
  partitionIndex: int32,
  leaderId: int32,
  leaderEpoch: withDefault(int32, -1),
  replicaNodes: array(int32),
  isrNodes: array(int32),
  eligibleLeaderReplicas: withDefault(nullable(array(int32)), null),
  lastKnownElr: withDefault(nullable(array(int32)), null),
  offlineReplicas: array(int32),
}

const describeTopicPartitionsResponseTopic = {
  errorCode: int16,
  name: nullable(string),
  topicId: uuid,
  isInternal: withDefault(boolean, false),
  partitions: array(describeTopicPartitionsResponsePartition),
  topicAuthorizedOperations: withDefault(int32, -0x8000_0000),
}

const request = {
  topics: array({ name: string }),
  responsePartitionLimit: withDefault(int32, 2_000),
  cursor: withDefault(nullable(struct({ topicName: string, partitionIndex: int32 })), null),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  topics: array(describeTopicPartitionsResponseTopic),
  nextCursor: withDefault(nullable(struct({ topicName: string, partitionIndex: int32 })), null),
}

/** Topics page by page (KIP-966). Send null eligible leader replicas to nobody: Kafka's admin client dereferences them. */
export const describeTopicPartitions = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  validVersions: [0, 0],
  flexibleSince: 0,
  request,
  response,
})

export type DescribeTopicPartitionsRequest = Decoded<typeof request>
export type DescribeTopicPartitionsResponse = Decoded<typeof response>
export type DescribeTopicPartitionsRequestInput = Input<typeof request>
export type DescribeTopicPartitionsResponseInput = Input<typeof response>
