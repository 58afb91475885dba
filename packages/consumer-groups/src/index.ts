export { ClassicGroup } from './classic/classic-group.ts'
export { type ClassicGroupState, LEGAL_MOVES } from './classic/classic-group-state.ts'
export type { ClassicMember, OfferedProtocol } from './classic/classic-member.ts'
export { undescribedConsumerGroup } from './consumer/describe-consumer-group.ts'
export { CoordinatorShard } from './coordinator-shard.ts'
export { explainGroup, type GroupFinding } from './explain/explain-group.ts'
export type {
  GroupFacts,
  Holder,
  LogFacts,
  MemberFacts,
  PartitionFacts,
  RefusedInstance,
  ShardGroupFacts,
} from './explain/group-facts.ts'
export { spokenDuration } from './explain/words.ts'
export {
  type ConsumerGroupTimes,
  checkGroupConfig,
  DEFAULT_GROUP_CONFIG,
  type GroupConfig,
} from './group-config.ts'
export type {
  DeletedGroup,
  DescribedConsumerGroup,
  DescribedGroup,
  GroupEffect,
  GroupEvent,
  GroupReplies,
  GroupReply,
  GroupTimer,
  LeavingMember,
  ListedGroup,
  ListFilter,
  OffsetFetchGroup,
  OffsetFetchGroupResponse,
  PersistedRecord,
  RequestedTopics,
  RequestOrigin,
  RequestToken,
} from './group-event.ts'
export { type CommittedOffset, NO_TOPIC_ID } from './offsets/committed-offset.ts'
export { CommittedOffsets, type TopicOffsets } from './offsets/committed-offsets.ts'
export { partitionForGroup } from './partition-for-group.ts'
export type { GroupMetadataMember, GroupMetadataValue } from './records/group-metadata-record.ts'
export { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from './records/group-record.ts'
export type { ShardSurroundings } from './step.ts'
export type { MatchedTopics, TopicFacts, TopicView } from './topic-view.ts'
