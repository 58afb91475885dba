export { ErrorCode, KafkaError } from '@millrace/protocol'
export {
  bytes,
  json,
  type RecordHeader,
  type RecordHeaderInput,
  type StandardSchema,
  string,
  type ValueCodec,
  validated,
} from '@millrace/record-batch'
export type { Acl, AclFilter } from './admin/acl-admin.ts'
export { Admin, type ClusterDescription } from './admin/admin.ts'
export type { ConfigEntry, ConfigResource, ConfigSource } from './admin/config-admin.ts'
export type { ActiveProducer, LogSize, Reassignment, RecordsToDelete } from './admin/partition-admin.ts'
export type { CreatedTopic, NewTopic } from './admin/topic-admin.ts'
export type { ClientQuota, QuotaEntity, ScramMechanism, ScramUser } from './admin/user-admin.ts'
export type { BrokerVersions } from './admin/version-admin.ts'
export { type Client, createClient } from './client.ts'
export { ClientError, type ClientErrorCode } from './client-error.ts'
export type { ClientOptions } from './client-options.ts'
export type { CloseOptions } from './closing.ts'
export type { ConsumerRecord, TopicPartition } from './consumer/consumer-record.ts'
export {
  EARLIEST,
  type Isolation,
  LATEST,
  MAX_TIMESTAMP,
  type OffsetFound,
  type OffsetQuery,
} from './consumer/offset-lookup.ts'
export type { AtOffsets, AtTime, ReadFrom, ReadRange, ReadUntil } from './consumer/read-range.ts'
export { type ReadOptions, RecordReader } from './consumer/record-reader.ts'
export type { ClientCounters } from './counters.ts'
export type { ConnectionEvent, GroupEvent, LogCutEvent, StallEvent } from './diagnostics.ts'
export type { Assignment, Assignor, SubscribedMember } from './groups/assignors/assignor.ts'
export { cooperativeStickyAssignor } from './groups/assignors/cooperative-sticky-assignor.ts'
export { rangeAssignor } from './groups/assignors/range-assignor.ts'
export type { CommittedOffset } from './groups/committed-offsets.ts'
export { type ClaimedRecord, GroupConsumer } from './groups/group-consumer.ts'
export type { GroupDescription, GroupListing, GroupMember, MemberName } from './groups/group-description.ts'
export type {
  CommitMode,
  GroupOptions,
  GroupProtocol,
  GroupStart,
  TopicGroupOptions,
} from './groups/group-options.ts'
export type { HandlerContext, HandlerOptions } from './groups/handler-loop.ts'
export type { Stall, StallReason } from './groups/progress.ts'
export type { TopicSelection } from './groups/topic-selection.ts'
export type { BrokerNode } from './metadata/cluster-metadata.ts'
export type { PartitionMetadata, TopicMetadata } from './metadata/topic-metadata.ts'
export {
  type InProcessPort,
  type InProcessStream,
  inProcessNetwork,
} from './network/in-process-network.ts'
export type { BrokerAddress, ByteStream, ByteStreamOwner, Network } from './network/network.ts'
export type { TlsOptions } from './network/tcp-network.ts'
export { SendManyError } from './producer/delivery.ts'
export { Producer } from './producer/producer.ts'
export type { ProducerOptions } from './producer/producer-options.ts'
export type { ProducerRecord, RecordMetadata, SendManyResult } from './producer/producer-record.ts'
export type { OAuthToken, SaslOptions } from './security/sasl.ts'
export type { Clock, Timer } from './time/clock.ts'
export { type RecordHandler, type Sendable, Topic, type TopicCodecs, type TypedRecord } from './topic.ts'
