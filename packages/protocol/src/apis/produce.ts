import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  int16,
  int32,
  int64,
  nullable,
  records,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
  withDefault,
} from '../schema/vocabulary.ts'

const topicProduceData = {
  name: until(12, string),
  topicId: since(13, uuid),
  partitionData: array({ index: int32, records: nullable(records) }),
}

const partitionProduceResponse = {
  index: int32,
  errorCode: int16,
  baseOffset: int64,
  logAppendTimeMs: since(2, int64, -1),
  logStartOffset: since(5, int64, -1),
  recordErrors: since(
    8,
    array({ batchIndex: int32, batchIndexErrorMessage: withDefault(nullable(string), null) }),
  ),
  errorMessage: since(8, nullable(string), null),
  currentLeader: tagged(
    { tag: 0, since: 10 },
    struct({ leaderId: withDefault(int32, -1), leaderEpoch: withDefault(int32, -1) }),
  ),
}

const topicProduceResponse = {
  name: until(12, string),
  topicId: since(13, uuid),
  partitionResponses: array(partitionProduceResponse),
}

const request = {
  transactionalId: since(3, nullable(string), null),
  acks: int16,
  timeoutMs: int32,
  topicData: array(topicProduceData),
}

const response = {
  responses: array(topicProduceResponse),
  throttleTimeMs: since(1, int32),
  nodeEndpoints: tagged(
    { tag: 0, since: 10 },
    array({ nodeId: int32, host: string, port: int32, rack: withDefault(nullable(string), null) }),
  ),
}

/**
 * Appends record batches. v0-2 carried message formats older than batch v2; they are declared because librdkafka
 * up to 2.11.0 looks for them in ApiVersions (KAFKA-18659), and nothing implements them. v3 adds the transactional
 * id and batch format v2. v5 log start offset. v7 zstd. v8 reports single bad records (KIP-467). v9 flexible encoding.
 * v10 tells the current leader (KIP-951). v11 TRANSACTION_ABORTABLE. v12 adds partitions to a transaction implicitly
 * (KIP-890). v13 topic ids instead of names (KIP-516).
 */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  validVersions: [0, 13],
  flexibleSince: 9,
  request,
  response,
})

export type ProduceRequest = Decoded<typeof request>
export type ProduceResponse = Decoded<typeof response>
export type ProduceRequestInput = Input<typeof request>
export type ProduceResponseInput = Input<typeof response>
