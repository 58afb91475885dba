/** The messages of Produce, apart from the API itself because its hand-written codecs need them too. */
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

export const topicProduceData = {
  name: until(12, string),
  topicId: since(13, uuid),
  partitionData: array({ index: int32, records: nullable(records) }),
}

export const partitionProduceResponse = {
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

export const topicProduceResponse = {
  name: until(12, string),
  topicId: since(13, uuid),
  partitionResponses: array(partitionProduceResponse),
}

export const produceRequest = {
  transactionalId: since(3, nullable(string), null),
  acks: int16,
  timeoutMs: int32,
  topicData: array(topicProduceData),
}

export const produceResponse = {
  responses: array(topicProduceResponse),
  throttleTimeMs: since(1, int32),
  nodeEndpoints: tagged(
    { tag: 0, since: 10 },
    array({ nodeId: int32, host: string, port: int32, rack: withDefault(nullable(string), null) }),
  ),
}

export type ProduceRequest = Decoded<typeof produceRequest>
export type ProduceResponse = Decoded<typeof produceResponse>
export type ProduceRequestInput = Input<typeof produceRequest>
export type ProduceResponseInput = Input<typeof produceResponse>
