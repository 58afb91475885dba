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
  tagged,
  uuid,
  withDefault,
} from '../schema/vocabulary.ts'

const creatableTopic = {
  name: string,
  numPartitions: int32,
  replicationFactor: int16,
  assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
  configs: array({ name: string, value: nullable(string) }),
}

const creatableTopicConfigs = {
  name: string,
  value: nullable(string),
  readOnly: boolean,
  configSource: withDefault(int8, -1),
  isSensitive: boolean,
}

const creatableTopicResult = {
  name: string,
  topicId: since(7, uuid),
  errorCode: int16,
  errorMessage: nullable(string),
  topicConfigErrorCode: tagged({ tag: 0, since: 5 }, int16),
  numPartitions: since(5, int32, -1),
  replicationFactor: since(5, int16, -1),
  configs: since(5, nullable(array(creatableTopicConfigs))),
}

const request = {
  topics: array(creatableTopic),
  timeoutMs: withDefault(int32, 60_000),
  validateOnly: withDefault(boolean, false),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  topics: array(creatableTopicResult),
}

/**
 * Creates topics. v4 broker defaults for partition count and replication factor (KIP-464). v5 flexible encoding, and
 * the answer tells the topic's configs (KIP-525). v6 THROTTLING_QUOTA_EXCEEDED (KIP-599). v7 topic ids (KIP-516).
 * Send null `configs` to nobody: Kafka's admin client dereferences it.
 */
export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  validVersions: [2, 7],
  flexibleSince: 5,
  request,
  response,
})

export type CreateTopicsRequest = Decoded<typeof request>
export type CreateTopicsResponse = Decoded<typeof response>
export type CreateTopicsRequestInput = Input<typeof request>
export type CreateTopicsResponseInput = Input<typeof response>
