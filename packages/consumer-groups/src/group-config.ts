import { strict as assert } from 'node:assert'
import { ASSIGNORS } from './assignors/assignor.ts'

/** What an operator can set about groups. Names are Kafka's broker configs in camelCase; so are the defaults. */
export interface GroupConfig {
  /** `group.min.session.timeout.ms`: a JoinGroup below it is INVALID_SESSION_TIMEOUT. */
  readonly groupMinSessionTimeoutMs: number
  /** `group.max.session.timeout.ms`: a JoinGroup above it is INVALID_SESSION_TIMEOUT. */
  readonly groupMaxSessionTimeoutMs: number
  /** `group.initial.rebalance.delay.ms`: how long the first join of an empty group waits for company. */
  readonly groupInitialRebalanceDelayMs: number
  /** `group.max.size`: members of one classic group. */
  readonly groupMaxSize: number
  /** `offset.metadata.max.bytes`: characters of the metadata string of one commit, as Kafka counts them. */
  readonly offsetMetadataMaxBytes: number
  /** `offsets.retention.minutes`, in milliseconds. */
  readonly offsetsRetentionMs: number
  /** `group.consumer.max.size`: members of one KIP-848 group. */
  readonly consumerGroupMaxSize: number
  /** `group.consumer.assignors`: those that members may ask for; the first is for groups that ask for none. */
  readonly consumerAssignors: readonly [string, ...string[]]
  /** `group.consumer.session.timeout.ms`: silence after which a KIP-848 member is out. */
  readonly consumerSessionTimeoutMs: number
  /** `group.consumer.heartbeat.interval.ms`: told to KIP-848 members with every answer. */
  readonly consumerHeartbeatIntervalMs: number
  /** `group.consumer.migration.policy`: which way groups with members may change their protocol. */
  readonly consumerMigrationPolicy: 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional'
  /** How long a new member may wait for its first JoinGroup to be answered. Fixed in Kafka. */
  readonly newMemberJoinTimeoutMs: number
  /** Members that were given an id and have not come back with it, per group. Kafka has no bound. */
  readonly maxPendingMembers: number
  /** Protocol metadata of one member, all its protocols together. Kafka's bound is the request's size. */
  readonly maxMemberMetadataBytes: number
  /** Key and value of everything that one request may persist: one batch of `__consumer_offsets`. */
  readonly maxPersistedBytes: number
}

const MINUTE_MS = 60_000

/** Kafka's defaults; the initial delay is 0, because one broker on a laptop has nobody to wait for (trap 16). */
export const DEFAULT_GROUP_CONFIG: GroupConfig = {
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 30 * MINUTE_MS,
  groupInitialRebalanceDelayMs: 0,
  groupMaxSize: 2_147_483_647,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 7 * 24 * 60 * MINUTE_MS,
  consumerGroupMaxSize: 2_147_483_647,
  consumerAssignors: ['uniform', 'range'],
  consumerSessionTimeoutMs: 45_000,
  consumerHeartbeatIntervalMs: 5_000,
  consumerMigrationPolicy: 'bidirectional',
  newMemberJoinTimeoutMs: 5 * MINUTE_MS,
  maxPendingMembers: 10_000,
  maxMemberMetadataBytes: 900_000,
  maxPersistedBytes: 1_000_000,
}

/** What a KIP-848 group may have for itself, by its own configuration. */
export type ConsumerGroupTimes = Pick<GroupConfig, 'consumerSessionTimeoutMs' | 'consumerHeartbeatIntervalMs'>

/** The relations between the limits, checked once where the configuration is put together. */
export function checkGroupConfig(config: GroupConfig): GroupConfig {
  assert(config.groupMinSessionTimeoutMs > 0)
  assert(config.groupMinSessionTimeoutMs <= config.groupMaxSessionTimeoutMs)
  assert(config.groupInitialRebalanceDelayMs >= 0)
  assert(config.groupMaxSize > 0)
  assert(config.consumerGroupMaxSize > 0)
  assert(config.consumerAssignors.every((name) => ASSIGNORS.has(name)))
  assert(config.consumerHeartbeatIntervalMs > 0)
  assert(config.consumerHeartbeatIntervalMs < config.consumerSessionTimeoutMs)
  // The metadata of the chosen protocol goes into the group's record, so a member must fit into one.
  assert(config.maxMemberMetadataBytes < config.maxPersistedBytes)
  return config
}
