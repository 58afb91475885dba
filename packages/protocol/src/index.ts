// Each of these modules exports its API and the four types of its messages, and nothing else.
export * from './apis/add-offsets-to-txn.ts'
export * from './apis/add-partitions-to-txn.ts'
export { allApis, apiByKey } from './apis/all-apis.ts'
export * from './apis/alter-client-quotas.ts'
export * from './apis/alter-configs.ts'
export * from './apis/alter-partition-reassignments.ts'
export * from './apis/alter-user-scram-credentials.ts'
export * from './apis/api-versions.ts'
export * from './apis/consumer-group-describe.ts'
export * from './apis/consumer-group-heartbeat.ts'
export * from './apis/create-acls.ts'
export * from './apis/create-partitions.ts'
export * from './apis/create-topics.ts'
export * from './apis/delete-acls.ts'
export * from './apis/delete-groups.ts'
export * from './apis/delete-records.ts'
export * from './apis/delete-topics.ts'
export * from './apis/describe-acls.ts'
export * from './apis/describe-client-quotas.ts'
export * from './apis/describe-cluster.ts'
export * from './apis/describe-configs.ts'
export * from './apis/describe-groups.ts'
export * from './apis/describe-log-dirs.ts'
export * from './apis/describe-producers.ts'
export * from './apis/describe-topic-partitions.ts'
export * from './apis/describe-transactions.ts'
export * from './apis/describe-user-scram-credentials.ts'
export * from './apis/elect-leaders.ts'
export * from './apis/end-txn.ts'
export * from './apis/fetch.ts'
export * from './apis/find-coordinator.ts'
export * from './apis/heartbeat.ts'
export * from './apis/incremental-alter-configs.ts'
export * from './apis/init-producer-id.ts'
export * from './apis/join-group.ts'
export * from './apis/leave-group.ts'
export * from './apis/list-config-resources.ts'
export * from './apis/list-groups.ts'
export * from './apis/list-offsets.ts'
export * from './apis/list-partition-reassignments.ts'
export * from './apis/list-transactions.ts'
export * from './apis/metadata.ts'
export * from './apis/offset-commit.ts'
export * from './apis/offset-delete.ts'
export * from './apis/offset-fetch.ts'
export * from './apis/offset-for-leader-epoch.ts'
export * from './apis/produce.ts'
export * from './apis/sasl-authenticate.ts'
export * from './apis/sasl-handshake.ts'
export * from './apis/sync-group.ts'
export * from './apis/txn-offset-commit.ts'
export * from './apis/update-features.ts'
export * from './apis/write-txn-markers.ts'
export {
  type ConsumerProtocolAssignment,
  type ConsumerProtocolAssignmentInput,
  type ConsumerProtocolSubscription,
  type ConsumerProtocolSubscriptionInput,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from './consumer-protocol/consumer-protocol.ts'
export { defineEmbeddedMessage, type EmbeddedMessage } from './consumer-protocol/embedded-message.ts'
export { allErrors, ErrorCode, type ErrorInfo, type ErrorName, errorInfo } from './error-codes.ts'
export { FrameError, FrameSplitter, type FrameSplitterOptions } from './framing/frame-splitter.ts'
export {
  decodeRequestHeader,
  encodeRequest,
  isFlexible,
  type RequestHeader,
  type RequestOrigin,
} from './framing/request-header.ts'
export { type DecodedResponse, decodeResponse, encodeResponse } from './framing/response-header.ts'
export { KafkaError } from './kafka-error.ts'
export { ZERO_UUID } from './schema/absent-value.ts'
export type { Codec } from './schema/codec.ts'
export { type Api, type ApiDeclaration, type DefinedApi, defineApi } from './schema/define-api.ts'
export { defineMessage, type Message, type MessageDeclaration } from './schema/define-message.ts'
export type { Decoded, Input } from './schema/infer.ts'
export {
  array,
  between,
  boolean,
  bytes,
  clampedInt64,
  float64,
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
  uint16,
  until,
  uuid,
  withDefault,
} from './schema/vocabulary.ts'
export type { Field, FieldSpec, Shape, TypeDescription, WireType } from './schema/wire-type.ts'
export { ByteReader } from './wire/byte-reader.ts'
export { ByteWriter } from './wire/byte-writer.ts'
export { WireError } from './wire/wire-error.ts'
