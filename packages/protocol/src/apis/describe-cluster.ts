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
  withDefault,
} from '../schema/vocabulary.ts'

const describeClusterBroker = {
  brokerId: int32,
  host: string,
  port: int32,
  rack: withDefault(nullable(string), null),
  isFenced: since(2, boolean),
}

const request = {
  includeClusterAuthorizedOperations: boolean,
  endpointType: since(1, int8, 1),
  includeFencedBrokers: since(2, boolean),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: withDefault(nullable(string), null),
  endpointType: since(1, int8, 1),
  clusterId: string,
  controllerId: withDefault(int32, -1),
  brokers: array(describeClusterBroker),
  clusterAuthorizedOperations: withDefault(int32, -0x8000_0000),
}

/** Cluster id, controller and brokers (KIP-700). v1 endpoint types (KIP-919). v2 fenced brokers (KIP-1073). */
export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  validVersions: [0, 2],
  flexibleSince: 0,
  request,
  response,
})

export type DescribeClusterRequest = Decoded<typeof request>
export type DescribeClusterResponse = Decoded<typeof response>
export type DescribeClusterRequestInput = Input<typeof request>
export type DescribeClusterResponseInput = Input<typeof response>
