import { describeCluster, ErrorCode, KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'
import {
  type Isolation,
  lookUpOffsets,
  type OffsetFound,
  type OffsetQuery,
} from '../consumer/offset-lookup.ts'
import { type CommittedOffset, commitOffsets, fetchCommitted, outsider } from '../groups/committed-offsets.ts'
import {
  deleteOneGroup,
  describeOneGroup,
  type GroupDescription,
  type GroupListing,
  listAllGroups,
} from '../groups/group-description.ts'
import type { BrokerNode } from '../metadata/cluster-metadata.ts'
import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import { type ConfigEntry, type ConfigResource, changeConfigs, readConfigs } from './config-admin.ts'
import {
  type CreatedTopic,
  createNewTopics,
  deleteTopicsByName,
  type NewTopic,
  raisePartitions,
  readAllTopics,
  readTopic,
} from './topic-admin.ts'

/** The cluster as one of its brokers describes it. */
export interface ClusterDescription {
  readonly clusterId: string
  readonly controllerId: number
  readonly brokers: readonly BrokerNode[]
}

/**
 * Manages a cluster. Every call retries what may pass by itself within `apiTimeoutMs`, and throws a
 * KafkaError for what the broker refuses.
 */
export class Admin {
  readonly #cluster: Cluster

  /** Made by `createClient()`. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Creates topics; resolves when they can be used. `validateOnly` only asks whether it would work. */
  createTopics(
    topics: readonly NewTopic[],
    options: { validateOnly?: boolean } = {},
  ): Promise<CreatedTopic[]> {
    return createNewTopics(this.#cluster, topics, options)
  }

  /** Deletes topics with their records. */
  deleteTopics(names: readonly string[]): Promise<void> {
    return deleteTopicsByName(this.#cluster, names)
  }

  /** Raises the number of partitions of a topic. Keys may map to other partitions from then on. */
  createPartitions(topic: string, count: number): Promise<void> {
    return raisePartitions(this.#cluster, topic, count)
  }

  /** All topics, sorted by name; internal ones only when asked for. */
  listTopics(options: { includeInternal?: boolean } = {}): Promise<TopicMetadata[]> {
    return readAllTopics(this.#cluster, options)
  }

  /** One topic as it is now. UNKNOWN_TOPIC when there is none; nothing is created by asking. */
  describeTopic(name: string): Promise<TopicMetadata> {
    return readTopic(this.#cluster, name)
  }

  /** Every config of a topic, broker or group, with where its value comes from. */
  describeConfigs(resource: ConfigResource): Promise<ConfigEntry[]> {
    return readConfigs(this.#cluster, resource)
  }

  /** Sets configs; null puts one back to its default. */
  alterConfigs(resource: ConfigResource, changes: Readonly<Record<string, string | null>>): Promise<void> {
    return changeConfigs(this.#cluster, resource, changes)
  }

  describeCluster(): Promise<ClusterDescription> {
    return this.#cluster.call(
      'any',
      describeCluster,
      { includeClusterAuthorizedOperations: false },
      (answer) => {
        const { errorCode, clusterId, controllerId } = answer
        if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, answer.errorMessage ?? undefined)
        const brokers = answer.brokers.map(({ brokerId, host, port, rack }) => ({
          nodeId: brokerId,
          host,
          port,
          rack,
        }))
        return { clusterId, controllerId, brokers }
      },
    )
  }

  /** Looks up offsets: `timestamp` is a time in ms, or LATEST, EARLIEST, MAX_TIMESTAMP. In the order asked. */
  listOffsets(
    queries: readonly OffsetQuery[],
    options: { isolation?: Isolation } = {},
  ): Promise<OffsetFound[]> {
    return lookUpOffsets(this.#cluster, queries, { isolation: options.isolation ?? 'read_uncommitted' })
  }

  /** All groups of the cluster, sorted by name. */
  listGroups(): Promise<GroupListing[]> {
    return listAllGroups(this.#cluster)
  }

  /** One group with its members; null when there is none. */
  describeGroup(group: string): Promise<GroupDescription | null> {
    return describeOneGroup(this.#cluster, group)
  }

  /** What a group has committed: of these partitions, or of all. Partitions without a commit are left out. */
  fetchOffsets(
    group: string,
    partitions: readonly TopicPartition[] | null = null,
  ): Promise<CommittedOffset[]> {
    return fetchCommitted(this.#cluster, group, partitions)
  }

  /** Sets a group's offsets. The group must not have members. */
  alterOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    return commitOffsets(this.#cluster, outsider(group), offsets)
  }

  /** Deletes a group without members, and its offsets. */
  deleteGroup(group: string): Promise<void> {
    return deleteOneGroup(this.#cluster, group)
  }
}
