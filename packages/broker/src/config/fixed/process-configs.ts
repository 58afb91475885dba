import { type FixedConfig, fixedConfigs } from './fixed-config.ts'

/** Kafka's settings for its own threads, sockets, metrics and files. */
export const processConfigs: readonly FixedConfig[] = [
  ...fixedConfigs('one event loop does this work: there is no pool to size', [
    ['background.threads', 'INT', '10', 'live'],
    ['delete.records.purgatory.purge.interval.requests', 'INT', '1'],
    ['fetch.purgatory.purge.interval.requests', 'INT', '1000'],
    ['num.io.threads', 'INT', '8', 'live'],
    ['num.network.threads', 'INT', '3', 'live'],
    ['num.recovery.threads.per.data.dir', 'INT', '2', 'live'],
    ['producer.purgatory.purge.interval.requests', 'INT', '1000'],
    ['queued.max.request.bytes', 'LONG', '-1'],
    ['queued.max.requests', 'INT', '500'],
  ]),
  ...fixedConfigs('metrics are not reported that way', [
    ['client.quota.callback.class', 'CLASS', null],
    ['kafka.metrics.polling.interval.secs', 'INT', '10'],
    ['kafka.metrics.reporters', 'LIST', ''],
    ['metric.reporters', 'LIST', 'org.apache.kafka.common.metrics.JmxReporter', 'live'],
    ['metrics.num.samples', 'INT', '2'],
    ['metrics.recording.level', 'STRING', 'INFO'],
    ['metrics.sample.window.ms', 'LONG', '30000'],
    ['telemetry.max.bytes', 'INT', '1048576'],
  ]),
  ...fixedConfigs('lz4 has one level here', [['compression.lz4.level', 'INT', '9', 'live']]),
  ...fixedConfigs('the data directory is named by log.dirs and synced by its own rules', [
    ['cordoned.log.dirs', 'LIST', '', 'live'],
    ['log.dir', 'LIST', '/tmp/kafka-logs'],
    ['log.dir.failure.timeout.ms', 'LONG', '30000'],
    ['log.flush.offset.checkpoint.interval.ms', 'INT', '60000'],
    ['log.flush.scheduler.interval.ms', 'LONG', '9223372036854775807'],
    ['log.flush.start.offset.checkpoint.interval.ms', 'INT', '60000'],
    ['log.preallocate', 'BOOLEAN', 'false', 'live'],
  ]),
  ...fixedConfigs('compaction runs in the event loop, within a share of one core', [
    ['log.cleaner.io.buffer.load.factor', 'DOUBLE', '0.9', 'live'],
    ['log.cleaner.io.buffer.size', 'INT', '524288', 'live'],
    ['log.cleaner.io.max.bytes.per.second', 'DOUBLE', '1.7976931348623157E308', 'live'],
    ['log.cleaner.threads', 'INT', '1', 'live'],
  ]),
  ...fixedConfigs('connections are bounded by number, not by rate', [
    ['max.connection.creation.rate', 'INT', '2147483647', 'live'],
  ]),
  ...fixedConfigs('the operating system chooses', [
    ['socket.listen.backlog.size', 'INT', '50'],
    ['socket.receive.buffer.bytes', 'INT', '102400'],
    ['socket.send.buffer.bytes', 'INT', '102400'],
  ]),
]
