import { type FixedConfig, fixedConfigs } from './fixed-config.ts'

/** Kafka's settings for tiered storage. */
export const tieringConfigs: readonly FixedConfig[] = [
  ...fixedConfigs('tiered storage is not available', [
    ['follower.fetch.last.tiered.offset.enable', 'BOOLEAN', 'false', 'live'],
    ['log.local.retention.bytes', 'LONG', '-2', 'live'],
    ['log.local.retention.ms', 'LONG', '-2', 'live'],
    ['remote.fetch.max.wait.ms', 'INT', '500', 'live'],
    ['remote.list.offsets.request.timeout.ms', 'LONG', '30000', 'live'],
    ['remote.log.index.file.cache.total.size.bytes', 'LONG', '1073741824', 'live'],
    ['remote.log.manager.copier.thread.pool.size', 'INT', '10', 'live'],
    ['remote.log.manager.copy.max.bytes.per.second', 'LONG', '9223372036854775807', 'live'],
    ['remote.log.manager.copy.quota.window.num', 'INT', '11'],
    ['remote.log.manager.copy.quota.window.size.seconds', 'INT', '1'],
    ['remote.log.manager.expiration.thread.pool.size', 'INT', '10', 'live'],
    ['remote.log.manager.fetch.max.bytes.per.second', 'LONG', '9223372036854775807', 'live'],
    ['remote.log.manager.fetch.quota.window.num', 'INT', '11'],
    ['remote.log.manager.fetch.quota.window.size.seconds', 'INT', '1'],
    ['remote.log.manager.follower.thread.pool.size', 'INT', '2', 'live'],
    ['remote.log.manager.task.interval.ms', 'LONG', '30000'],
    ['remote.log.manager.thread.pool.size', 'INT', '2'],
    ['remote.log.metadata.custom.metadata.max.bytes', 'INT', '128'],
    [
      'remote.log.metadata.manager.class.name',
      'STRING',
      'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    ],
    ['remote.log.metadata.manager.class.path', 'STRING', null],
    ['remote.log.metadata.manager.impl.prefix', 'STRING', 'rlmm.config.'],
    ['remote.log.metadata.manager.listener.name', 'STRING', null],
    ['remote.log.reader.max.pending.tasks', 'INT', '100'],
    ['remote.log.reader.threads', 'INT', '10', 'live'],
    ['remote.log.storage.manager.class.name', 'STRING', null],
    ['remote.log.storage.manager.class.path', 'STRING', null],
    ['remote.log.storage.manager.impl.prefix', 'STRING', 'rsm.config.'],
    ['remote.log.storage.system.enable', 'BOOLEAN', 'false'],
  ]),
]
