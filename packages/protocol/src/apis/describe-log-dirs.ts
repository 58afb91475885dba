import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  int16,
  int32,
  int64,
  nullable,
  since,
  string,
  withDefault,
} from '../schema/vocabulary.ts'

const describeLogDirsPartition = {
  partitionIndex: int32,
  partitionSize: int64,
  offsetLag: int64,
  isFutureKey: boolean,
}

const describeLogDirsResult = {
  errorCode: int16,
  logDir: string,
  topics: array({ name: string, partitions: array(describeLogDirsPartition) }),
  totalBytes: since(4, int64, -1),
  usableBytes: since(4, int64, -1),
  isCordoned: since(5, boolean),
}

const request = {
  topics: nullable(array({ topic: string, partitions: array(int32) })),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: since(3, int16),
  results: array(describeLogDirsResult),
}

/**
 * What lies in the log directories. v2 flexible encoding. v3 a top-level error. v4 disk space (KIP-827). v5 cordoned
 * directories (KIP-1066).
 */
export const describeLogDirs = defineApi({
  key: 35,
  name: 'DescribeLogDirs',
  validVersions: [1, 5],
  flexibleSince: 2,
  request,
  response,
})

export type DescribeLogDirsRequest = Decoded<typeof request>
export type DescribeLogDirsResponse = Decoded<typeof response>
export type DescribeLogDirsRequestInput = Input<typeof request>
export type DescribeLogDirsResponseInput = Input<typeof response>
