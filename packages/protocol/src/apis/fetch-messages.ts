/** The messages of Fetch, apart from the API itself because its hand-written codecs need them too. */
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  clampedInt64,
  int8,
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

export const fetchPartition = {
  partition: int32,
  currentLeaderEpoch: since(9, int32, -1),
  fetchOffset: int64,
  lastFetchedEpoch: since(12, int32, -1),
  logStartOffset: since(5, int64, -1),
  partitionMaxBytes: int32,
  replicaDirectoryId: tagged({ tag: 0, since: 17 }, uuid),
  highWatermark: tagged({ tag: 1, since: 18 }, clampedInt64, Number.MAX_SAFE_INTEGER),
}

export const fetchTopic = {
  topic: until(12, string),
  topicId: since(13, uuid),
  partitions: array(fetchPartition),
}

export const partitionData = {
  partitionIndex: int32,
  errorCode: int16,
  highWatermark: int64,
  lastStableOffset: withDefault(int64, -1),
  logStartOffset: since(5, int64, -1),
  divergingEpoch: tagged(
    { tag: 0, since: 12 },
    struct({ epoch: withDefault(int32, -1), endOffset: withDefault(int64, -1) }),
  ),
  currentLeader: tagged(
    { tag: 1, since: 12 },
    struct({ leaderId: withDefault(int32, -1), leaderEpoch: withDefault(int32, -1) }),
  ),
  snapshotId: tagged(
    { tag: 2, since: 12 },
    struct({ endOffset: withDefault(int64, -1), epoch: withDefault(int32, -1) }),
  ),
  abortedTransactions: nullable(array({ producerId: int64, firstOffset: int64 })),
  preferredReadReplica: since(11, int32, -1),
  records: nullable(records),
}

export const fetchableTopicResponse = {
  topic: until(12, string),
  topicId: since(13, uuid),
  partitions: array(partitionData),
}

/** Sent by consumers and followers. */
export const fetchRequest = {
  clusterId: tagged({ tag: 0, since: 12 }, nullable(string), null),
  replicaId: until(14, int32, -1),
  replicaState: tagged(
    { tag: 1, since: 15 },
    struct({ replicaId: withDefault(int32, -1), replicaEpoch: withDefault(int64, -1) }),
  ),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: withDefault(int32, 0x7fff_ffff),
  isolationLevel: withDefault(int8, 0),
  sessionId: since(7, int32),
  sessionEpoch: since(7, int32, -1),
  topics: array(fetchTopic),
  forgottenTopicsData: since(
    7,
    array({ topic: until(12, string), topicId: since(13, uuid), partitions: array(int32) }),
  ),
  rackId: since(11, string),
}

export const fetchResponse = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: since(7, int16),
  sessionId: since(7, int32),
  responses: array(fetchableTopicResponse),
  nodeEndpoints: tagged(
    { tag: 0, since: 16 },
    array({ nodeId: int32, host: string, port: int32, rack: withDefault(nullable(string), null) }),
  ),
}

export type FetchRequest = Decoded<typeof fetchRequest>
export type FetchResponse = Decoded<typeof fetchResponse>
export type FetchRequestInput = Input<typeof fetchRequest>
export type FetchResponseInput = Input<typeof fetchResponse>
