import { describeCluster, ErrorCode, KafkaError } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
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
  type MemberName,
  removeGroupMembers,
} from '../groups/group-description.ts'
import type { BrokerNode } from '../metadata/cluster-metadata.ts'
import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import type { Acl, AclFilter } from './acl-admin.ts'
import { type ConfigEntry, type ConfigResource, changeConfigs, readConfigs } from './config-admin.ts'
import type { ActiveProducer, LogSize, Reassignment, RecordsToDelete } from './partition-admin.ts'
import {
  type CreatedTopic,
  createNewTopics,
  deleteTopicsByName,
  type NewTopic,
  raisePartitions,
  readAllTopics,
  readTopic,
} from './topic-admin.ts'
import type { ClientQuota, QuotaEntity, ScramMechanism, ScramUser } from './user-admin.ts'
import type { BrokerVersions } from './version-admin.ts'

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

  /** Brokers, controller and id of the cluster. */
  async describeCluster(): Promise<ClusterDescription> {
    try {
      return await this.#describeCluster()
    } catch (error) {
      // Brokers before 2.8 do not know that request, and tell the same in their metadata.
      if (!(error instanceof ClientError && error.code === 'UNSUPPORTED_VERSION')) throw error
      const { metadata } = this.#cluster
      await metadata.readAll('brokers')
      const { clusterId, controllerId, brokers } = metadata
      return { clusterId: clusterId ?? '', controllerId, brokers }
    }
  }

  /** What one broker speaks, and at which level the cluster runs its features. */
  async describeVersions(nodeId: number): Promise<BrokerVersions> {
    const { readBrokerVersions } = await import('./version-admin.ts')
    return readBrokerVersions(this.#cluster, nodeId)
  }

  #describeCluster(): Promise<ClusterDescription> {
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

  /** Takes members out of a group, such as static ones that will not come back. They may join again. */
  removeMembers(group: string, members: readonly MemberName[]): Promise<void> {
    return removeGroupMembers(this.#cluster, group, members)
  }

  /** Deletes a group without members, and its offsets. */
  deleteGroup(group: string): Promise<void> {
    return deleteOneGroup(this.#cluster, group)
  }

  /** Deletes committed offsets of a group that does not read these topics at the moment. */
  async deleteOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    const { deleteGroupOffsets } = await import('./partition-admin.ts')
    await deleteGroupOffsets(this.#cluster, group, partitions)
  }

  /** Moves the beginning of partitions up; gives where each begins now. */
  async deleteRecords(
    places: readonly RecordsToDelete[],
  ): Promise<readonly (TopicPartition & { readonly begin: number })[]> {
    const { deleteRecordsBefore } = await import('./partition-admin.ts')
    return deleteRecordsBefore(this.#cluster, places)
  }

  /** What each partition takes on each broker's disk. */
  async describeLogSizes(): Promise<LogSize[]> {
    const { readLogSizes } = await import('./partition-admin.ts')
    return readLogSizes(this.#cluster)
  }

  /** The idempotent producers that a partition remembers. */
  async describeProducers(place: TopicPartition): Promise<ActiveProducer[]> {
    const { readProducers } = await import('./partition-admin.ts')
    return readProducers(this.#cluster, place)
  }

  /** Makes the preferred replica the leader again, of these partitions or of all. */
  async electLeaders(places: readonly TopicPartition[] | null = null): Promise<void> {
    const { electPreferredLeaders } = await import('./partition-admin.ts')
    await electPreferredLeaders(this.#cluster, places)
  }

  /** Moves the replicas of partitions to other brokers; null calls a move off. */
  async reassignPartitions(
    moves: readonly (TopicPartition & { readonly replicas: readonly number[] | null })[],
  ): Promise<void> {
    const { moveReplicas } = await import('./partition-admin.ts')
    await moveReplicas(this.#cluster, moves)
  }

  /** The moves that are going on. */
  async listReassignments(): Promise<Reassignment[]> {
    const { listMoves } = await import('./partition-admin.ts')
    return listMoves(this.#cluster)
  }

  async createAcls(acls: readonly Acl[]): Promise<void> {
    const { addAcls } = await import('./acl-admin.ts')
    await addAcls(this.#cluster, acls)
  }

  /** The rules that a filter means; all for an empty one. */
  async listAcls(filter: AclFilter = {}): Promise<Acl[]> {
    const { findAcls } = await import('./acl-admin.ts')
    return findAcls(this.#cluster, filter)
  }

  /** Removes the rules that a filter means, and tells them. */
  async deleteAcls(filter: AclFilter): Promise<Acl[]> {
    const { removeAcls } = await import('./acl-admin.ts')
    return removeAcls(this.#cluster, filter)
  }

  /** Makes a user that logs in by SCRAM, or gives it another password. The password does not leave this process. */
  async putUser(options: {
    readonly user: string
    readonly password: string
    readonly mechanism: ScramMechanism
    readonly iterations?: number
  }): Promise<void> {
    const { putScramUser } = await import('./user-admin.ts')
    await putScramUser(this.#cluster, options)
  }

  async deleteUser(user: string, mechanism: ScramMechanism): Promise<void> {
    const { removeScramUser } = await import('./user-admin.ts')
    await removeScramUser(this.#cluster, user, mechanism)
  }

  /** All users that can log in by SCRAM. */
  async listUsers(): Promise<ScramUser[]> {
    const { listScramUsers } = await import('./user-admin.ts')
    return listScramUsers(this.#cluster)
  }

  /** Sets quotas by Kafka's names, such as `producer_byte_rate`; null takes one away. */
  async alterQuotas(entity: QuotaEntity, values: Readonly<Record<string, number | null>>): Promise<void> {
    const { changeQuotas } = await import('./user-admin.ts')
    await changeQuotas(this.#cluster, entity, values)
  }

  /** All quotas whose entity has these kinds of parts. */
  async listQuotas(kinds: readonly (keyof QuotaEntity)[]): Promise<ClientQuota[]> {
    const { listQuotas } = await import('./user-admin.ts')
    return listQuotas(this.#cluster, kinds)
  }
}
