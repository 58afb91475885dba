import { DEFAULT_GROUP_CONFIG, type GroupConfig } from '@millrace/consumer-groups'
import type { BrokerConfig } from './broker-config.ts'

/** What groups are told, from the broker's configuration. */
export function groupConfigFrom(config: BrokerConfig): GroupConfig {
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
