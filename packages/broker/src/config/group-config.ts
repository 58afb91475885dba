import { type ConsumerGroupTimes, DEFAULT_GROUP_CONFIG, type GroupConfig } from '@millrace/consumer-groups'
import type { BrokerConfig } from './broker-config.ts'
import type { Configs } from './config-change.ts'
import { InvalidConfigError } from './config-value.ts'

type NumberName = {
  [Name in keyof BrokerConfig]: BrokerConfig[Name] extends number ? Name : never
}[keyof BrokerConfig]

/** Pairs of which the first must not be above the second. */
const ORDERED: readonly (readonly [NumberName, NumberName])[] = [
  ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'],
  ['group.consumer.min.session.timeout.ms', 'group.consumer.session.timeout.ms'],
  ['group.consumer.session.timeout.ms', 'group.consumer.max.session.timeout.ms'],
  ['group.consumer.min.heartbeat.interval.ms', 'group.consumer.heartbeat.interval.ms'],
  ['group.consumer.heartbeat.interval.ms', 'group.consumer.max.heartbeat.interval.ms'],
]

/** What groups are told, from the broker's configuration. Throws InvalidConfigError when it contradicts itself. */
export function groupConfigFrom(config: BrokerConfig): GroupConfig {
  for (const [lower, upper] of ORDERED) {
    if (config[lower] > config[upper]) {
      throw new InvalidConfigError(`${lower} (${config[lower]}) is above ${upper} (${config[upper]})`)
    }
  }
  const sessionTimeoutMs = config['group.consumer.session.timeout.ms']
  const heartbeatIntervalMs = config['group.consumer.heartbeat.interval.ms']
  if (sessionTimeoutMs <= heartbeatIntervalMs) {
    throw new InvalidConfigError(
      `group.consumer.session.timeout.ms (${sessionTimeoutMs}) is not above group.consumer.heartbeat.interval.ms (${heartbeatIntervalMs})`,
    )
  }
  const [first, ...others] = config['group.consumer.assignors']
  if (first === undefined) throw new InvalidConfigError('group.consumer.assignors must not be empty')
  return {
    ...DEFAULT_GROUP_CONFIG,
    groupMinSessionTimeoutMs: config['group.min.session.timeout.ms'],
    groupMaxSessionTimeoutMs: config['group.max.session.timeout.ms'],
    groupInitialRebalanceDelayMs: config['group.initial.rebalance.delay.ms'],
    groupMaxSize: config['group.max.size'],
    offsetMetadataMaxBytes: config['offset.metadata.max.bytes'],
    offsetsRetentionMs: config['offsets.retention.minutes'] * 60_000,
    consumerGroupMaxSize: config['group.consumer.max.size'],
    consumerAssignors: [first, ...others],
    consumerSessionTimeoutMs: sessionTimeoutMs,
    consumerHeartbeatIntervalMs: heartbeatIntervalMs,
    consumerMigrationPolicy: config['group.consumer.migration.policy'],
  }
}

/**
 * What one KIP-848 group has for itself. A value that the broker's bounds left out when they were changed later counts
 * as the bound, as in Kafka; two that do not fit each other any more do not count.
 */
export function consumerGroupTimes(group: Configs, config: BrokerConfig): Partial<ConsumerGroupTimes> {
  const session = group['consumer.session.timeout.ms']
  const heartbeat = group['consumer.heartbeat.interval.ms']
  if (session === undefined && heartbeat === undefined) return {}
  const consumerSessionTimeoutMs = within(
    Number(session ?? config['group.consumer.session.timeout.ms']),
    config['group.consumer.min.session.timeout.ms'],
    config['group.consumer.max.session.timeout.ms'],
  )
  const consumerHeartbeatIntervalMs = within(
    Number(heartbeat ?? config['group.consumer.heartbeat.interval.ms']),
    config['group.consumer.min.heartbeat.interval.ms'],
    config['group.consumer.max.heartbeat.interval.ms'],
  )
  return consumerSessionTimeoutMs > consumerHeartbeatIntervalMs
    ? { consumerSessionTimeoutMs, consumerHeartbeatIntervalMs }
    : {}
}

function within(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}
