import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, between, boolean, int16, int32, nullable, since, string, uuid } from '../schema/vocabulary.ts'

const metadataResponsePartition = {
  errorCode: int16,
  partitionIndex: int32,
  leaderId: int32,
  leaderEpoch: since(7, int32, -1),
  replicaNodes: array(int32),
  isrNodes: array(int32),
  offlineReplicas: since(5, array(int32)),
}

const metadataResponseTopic = {
  errorCode: int16,
  name: nullable(string, 12),
  topicId: since(10, uuid),
  isInternal: since(1, boolean),
  partitions: array(metadataResponsePartition),
  topicAuthorizedOperations: since(8, int32, -0x8000_0000),
}

const request = {
  topics: nullable(array({ topicId: since(10, uuid), name: nullable(string, 10) }), 1),
  allowAutoTopicCreation: since(4, boolean, true),
  includeClusterAuthorizedOperations: between([8, 10], boolean),
  includeTopicAuthorizedOperations: since(8, boolean),
}

const response = {
  throttleTimeMs: since(3, int32),
  brokers: array({ nodeId: int32, host: string, port: int32, rack: since(1, nullable(string), null) }),
  clusterId: since(2, nullable(string), null),
  controllerId: since(1, int32, -1),
  topics: array(metadataResponseTopic),
  clusterAuthorizedOperations: between([8, 10], int32, -0x8000_0000),
  errorCode: since(13, int16),
}

/**
 * Topics, partitions and brokers. In v0 an empty topic list means all topics; from v1 null does, and empty means none.
 * v1 racks, controller id and internal topics. v2 cluster id. v3 throttle time. v4 whether to create topics. v5 offline
 * replicas. v7 leader epochs. v8 authorized operations (KIP-430). v9 flexible encoding. v10 topic ids (KIP-516). v11
 * drops the cluster's authorized operations: DescribeCluster has them. v12 look-up by topic id. v13 a top-level error.
 */
export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  validVersions: [0, 13],
  flexibleSince: 9,
  request,
  response,
})

export type MetadataRequest = Decoded<typeof request>
export type MetadataResponse = Decoded<typeof response>
export type MetadataRequestInput = Input<typeof request>
export type MetadataResponseInput = Input<typeof response>
