import { DEFAULT_GROUP_CONFIG, type GroupConfig } from '@millrace/consumer-groups'
import type { BrokerConfig } from './broker-config.ts'
import { InvalidConfigError } from './config-value.ts'

/** What groups are told, from the broker's configuration. Throws InvalidConfigError when it contradicts itself. */
export function groupConfigFrom(config: BrokerConfig): GroupConfig {
  const shortestMs = config['group.min.session.timeout.ms']
  const longestMs = config['group.max.session.timeout.ms']
  if (shortestMs > longestMs) {
    throw new InvalidConfigError(
      `group.min.session.timeout.ms (${shortestMs}) is above group.max.session.timeout.ms (${longestMs})`,
    )
  }
  return {
    ...DEFAULT_GROUP_CONFIG,
    groupMinSessionTimeoutMs: config['group.min.session.timeout.ms'],
    groupMaxSessionTimeoutMs: config['group.max.session.timeout.ms'],
    groupInitialRebalanceDelayMs: config['group.initial.rebalance.delay.ms'],
    groupMaxSize: config['group.max.size'],
    offsetMetadataMaxBytes: config['offset.metadata.max.bytes'],
    offsetsRetentionMs: config['offsets.retention.minutes'] * 60_000,
  }
}
