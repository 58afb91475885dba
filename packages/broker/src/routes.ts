import {
  alterClientQuotas,
  alterConfigs,
  alterPartitionReassignments,
  apiVersions,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createPartitions,
  createTopics,
  deleteGroups,
  deleteRecords,
  deleteTopics,
  describeClientQuotas,
  describeCluster,
  describeConfigs,
  describeGroups,
  describeLogDirs,
  describeProducers,
  describeTopicPartitions,
  electLeaders,
  fetch,
  findCoordinator,
  heartbeat,
  incrementalAlterConfigs,
  initProducerId,
  joinGroup,
  leaveGroup,
  listConfigResources,
  listGroups,
  listOffsets,
  listPartitionReassignments,
  metadata,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  offsetForLeaderEpoch,
  produce,
  syncGroup,
} from '@millrace/protocol'
import { handleAlterClientQuotas } from './handlers/alter-client-quotas.ts'
import { handleAlterConfigs } from './handlers/alter-configs.ts'
import { handleAlterPartitionReassignments } from './handlers/alter-partition-reassignments.ts'
import { handleApiVersions } from './handlers/api-versions.ts'
import { handleConsumerGroupDescribe } from './handlers/consumer-group-describe.ts'
import { handleConsumerGroupHeartbeat } from './handlers/consumer-group-heartbeat.ts'
import { handleCreatePartitions } from './handlers/create-partitions.ts'
import { handleCreateTopics } from './handlers/create-topics.ts'
import { handleDeleteGroups } from './handlers/delete-groups.ts'
import { handleDeleteRecords } from './handlers/delete-records.ts'
import { handleDeleteTopics } from './handlers/delete-topics.ts'
import { handleDescribeClientQuotas } from './handlers/describe-client-quotas.ts'
import { handleDescribeCluster } from './handlers/describe-cluster.ts'
import { handleDescribeConfigs } from './handlers/describe-configs.ts'
import { handleDescribeGroups } from './handlers/describe-groups.ts'
import { handleDescribeLogDirs } from './handlers/describe-log-dirs.ts'
import { handleDescribeProducers } from './handlers/describe-producers.ts'
import { handleDescribeTopicPartitions } from './handlers/describe-topic-partitions.ts'
import { handleElectLeaders } from './handlers/elect-leaders.ts'
import { handleFetch } from './handlers/fetch.ts'
import { handleFindCoordinator } from './handlers/find-coordinator.ts'
import { handleHeartbeat } from './handlers/heartbeat.ts'
import { handleIncrementalAlterConfigs } from './handlers/incremental-alter-configs.ts'
import { handleInitProducerId } from './handlers/init-producer-id.ts'
import { handleJoinGroup } from './handlers/join-group.ts'
import { handleLeaveGroup } from './handlers/leave-group.ts'
import { handleListConfigResources } from './handlers/list-config-resources.ts'
import { handleListGroups } from './handlers/list-groups.ts'
import { handleListOffsets } from './handlers/list-offsets.ts'
import { handleListPartitionReassignments } from './handlers/list-partition-reassignments.ts'
import { handleMetadata } from './handlers/metadata.ts'
import { handleOffsetCommit } from './handlers/offset-commit.ts'
import { handleOffsetDelete } from './handlers/offset-delete.ts'
import { handleOffsetFetch } from './handlers/offset-fetch.ts'
import { handleOffsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'
import { handleProduce } from './handlers/produce.ts'
import { handleSyncGroup } from './handlers/sync-group.ts'
import { isKafkaRelease } from './network/kafka-releases.ts'
import { capRoutes, type Route, route } from './network/route.ts'

/**
 * Every API that is served, and in which versions. The maximum is a promise: clients take it. The minimum is
 * read too, by clients that enable features by exact version (compat.md section 1): Produce is told from 0
 * on, because librdkafka up to 2.11.0 does not compress otherwise, though nobody sends 0 to 2 (trap 2).
 */
export const ROUTES: readonly Route[] = [
  route(produce, [3, 11], handleProduce, [0, 11]),
  route(fetch, [4, 18], handleFetch),
  route(listOffsets, [0, 11], handleListOffsets),
  route(metadata, [0, 13], handleMetadata),
  route(offsetCommit, [2, 9], handleOffsetCommit),
  route(offsetFetch, [1, 9], handleOffsetFetch),
  route(findCoordinator, [0, 6], handleFindCoordinator),
  route(joinGroup, [0, 9], handleJoinGroup),
  route(heartbeat, [0, 4], handleHeartbeat),
  route(leaveGroup, [0, 5], handleLeaveGroup),
  route(syncGroup, [0, 5], handleSyncGroup),
  route(describeGroups, [0, 6], handleDescribeGroups),
  route(listGroups, [0, 5], handleListGroups),
  route(apiVersions, [0, 4], handleApiVersions),
  route(createTopics, [2, 7], handleCreateTopics),
  route(deleteTopics, [1, 6], handleDeleteTopics),
  route(initProducerId, [0, 5], handleInitProducerId),
  route(offsetForLeaderEpoch, [2, 4], handleOffsetForLeaderEpoch),
  route(describeConfigs, [1, 4], handleDescribeConfigs),
  route(alterConfigs, [0, 2], handleAlterConfigs),
  route(deleteGroups, [0, 2], handleDeleteGroups),
  route(incrementalAlterConfigs, [0, 1], handleIncrementalAlterConfigs),
  route(describeCluster, [0, 2], handleDescribeCluster),
  route(listConfigResources, [0, 1], handleListConfigResources),
  route(createPartitions, [0, 3], handleCreatePartitions),
  route(deleteRecords, [0, 2], handleDeleteRecords),
  route(describeTopicPartitions, [0, 0], handleDescribeTopicPartitions),
  route(describeLogDirs, [1, 5], handleDescribeLogDirs),
  route(describeProducers, [0, 0], handleDescribeProducers),
  route(electLeaders, [0, 2], handleElectLeaders),
  route(alterPartitionReassignments, [0, 1], handleAlterPartitionReassignments),
  route(listPartitionReassignments, [0, 0], handleListPartitionReassignments),
  route(offsetDelete, [0, 0], handleOffsetDelete),
  route(consumerGroupHeartbeat, [0, 1], handleConsumerGroupHeartbeat),
  route(consumerGroupDescribe, [0, 1], handleConsumerGroupDescribe),
  route(describeClientQuotas, [0, 1], handleDescribeClientQuotas),
  route(alterClientQuotas, [0, 1], handleAlterClientQuotas),
]

/** What is served when the configuration caps the versions at those of a Kafka release; null: everything. */
export function routesFor(cap: string | null): readonly Route[] {
  return cap !== null && isKafkaRelease(cap) ? capRoutes(ROUTES, cap) : ROUTES
}
