import { KAFKA_RELEASES } from '../network/kafka-releases.ts'
import { addressLimits } from './address-limits.ts'
import {
  boolean,
  type ConfigValue,
  caselessString,
  double,
  int,
  LONG_MAX_TEXT,
  list,
  long,
  nullableInt,
  nullableLong,
  nullableString,
  short,
  string,
} from './config-value.ts'

/** One broker configuration: how it is read, its unit, what it does, and when a change takes effect. */
export interface BrokerConfigRow<T> {
  readonly value: ConfigValue<T>
  readonly unit: string
  readonly about: string
  /** `live`: may be changed while the broker runs, and takes effect at once. */
  readonly update: 'restart' | 'live'
}

const MIB = 1024 * 1024

/**
 * Every broker configuration that has an effect here, under Kafka's name and with Kafka's default
 * where Kafka has it. Our own begin with `millrace.`. A default that differs from Kafka's says why.
 */
export const brokerConfigTable = {
  'node.id': row(int(1, { min: 0 }), 'id', 'Id of this broker; further virtual brokers count on from it.'),
  'broker.id': row(int(-1), 'id', 'The older name of node.id, which beats it.'),
  'broker.rack': row(nullableString(), 'name', 'Rack told to clients in Metadata.'),
  listeners: row(list<string>([]), 'list of NAME://HOST:PORT', 'Addresses to bind.'),
  'advertised.listeners': row(
    list<string>([]),
    'list of NAME://HOST:PORT',
    'Addresses told to clients, by the names of `listeners`; the bound ones when empty.',
  ),
  'log.dirs': row({ ...nullableString(), type: 'LIST' }, 'path', 'The data directory: exactly one.'),

  'num.partitions': row(int(1, { min: 1 }), 'partitions', 'Partitions of a topic that names no number.'),
  'default.replication.factor': row(
    int(1, { min: 1 }),
    'replicas',
    'Replicas of a topic that names no number.',
  ),
  'auto.create.topics.enable': row(boolean(true), 'flag', 'Whether Metadata may create the topics it names.'),
  'max.request.partition.size.limit': row(
    int(2000, { min: 1 }),
    'partitions',
    'Most partitions in one answer of DescribeTopicPartitions.',
  ),
  'delete.topic.enable': row(boolean(true), 'flag', 'Whether DeleteTopics is allowed.'),

  'message.max.bytes': live(
    int(1048588, { min: 0 }),
    'bytes',
    'Largest record batch; default of max.message.bytes.',
  ),
  'log.segment.bytes': live(
    int(1024 * MIB, { min: 1024 }),
    'bytes',
    'Default of segment.bytes. Kafka: at least 1048576.',
  ),
  'log.roll.ms': live(nullableLong({ min: 1 }), 'ms', 'Default of segment.ms; beats log.roll.hours.'),
  'log.roll.hours': row(int(168, { min: 1 }), 'hours', 'Default of segment.ms.'),
  'log.roll.jitter.ms': live(
    nullableLong({ min: 0 }),
    'ms',
    'Default of segment.jitter.ms; beats the hours.',
  ),
  'log.roll.jitter.hours': row(int(0, { min: 0 }), 'hours', 'Default of segment.jitter.ms.'),
  'log.retention.ms': live(
    nullableLong({ min: 1, or: -1 }),
    'ms',
    'Default of retention.ms; beats minutes and hours.',
  ),
  'log.retention.minutes': row(
    nullableInt({ min: 1, or: -1 }),
    'minutes',
    'Default of retention.ms; beats the hours.',
  ),
  'log.retention.hours': row(int(168, { min: 1, or: -1 }), 'hours', 'Default of retention.ms; -1: for ever.'),
  'log.retention.bytes': live(long(-1), 'bytes', 'Default of retention.bytes; -1: no limit.'),
  'log.retention.check.interval.ms': row(long(300_000, { min: 1 }), 'ms', 'How often retention is applied.'),
  'log.index.interval.bytes': live(int(4096, { min: 0 }), 'bytes', 'Default of index.interval.bytes.'),
  'log.index.size.max.bytes': live(int(10 * MIB, { min: 4 }), 'bytes', 'Default of segment.index.bytes.'),
  'log.segment.delete.delay.ms': live(long(60_000, { min: 0 }), 'ms', 'Default of file.delete.delay.ms.'),
  'log.flush.interval.messages': live(
    long(LONG_MAX_TEXT, { min: 1 }),
    'records',
    'Default of flush.messages.',
  ),
  'log.flush.interval.ms': live(nullableLong({ min: 0 }), 'ms', 'Default of flush.ms.'),
  'log.message.timestamp.type': live(
    string('CreateTime', ['CreateTime', 'LogAppendTime']),
    'name',
    'Default of message.timestamp.type.',
  ),
  'log.message.timestamp.before.max.ms': live(
    long(LONG_MAX_TEXT, { min: 0 }),
    'ms',
    'Default of message.timestamp.before.max.ms.',
  ),
  'log.message.timestamp.after.max.ms': live(
    long(3_600_000, { min: 0 }),
    'ms',
    'Default of message.timestamp.after.max.ms.',
  ),
  'compression.type': live(
    string('producer', ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer']),
    'codec',
    'Default of the topic configuration of this name.',
  ),
  'compression.gzip.level': live(
    int(-1, { min: 1, max: 9, or: -1 }),
    'level',
    'Default of the topic configuration of this name.',
  ),
  'compression.zstd.level': live(
    int(3, { min: -131_072, max: 22 }),
    'level',
    'Default of the topic configuration of this name.',
  ),
  'log.cleanup.policy': live(
    list<'compact' | 'delete'>(['delete'], ['compact', 'delete']),
    'list',
    'Default of cleanup.policy.',
  ),
  'log.cleaner.enable': row(boolean(true), 'flag', 'Whether compacted topics are compacted.'),
  'log.cleaner.backoff.ms': live(
    long(15_000, { min: 0 }),
    'ms',
    'The pause between two looks at what is dirty.',
  ),
  'log.cleaner.dedupe.buffer.size': live(
    long(128 * MIB, { min: 1024 }),
    'bytes',
    'Most memory for the keys of one pass of compaction. Kafka: more than 1048576.',
  ),
  'log.cleaner.delete.retention.ms': live(
    long(86_400_000, { min: 0 }),
    'ms',
    'Default of delete.retention.ms.',
  ),
  'log.cleaner.max.compaction.lag.ms': live(
    long(LONG_MAX_TEXT, { min: 1 }),
    'ms',
    'Default of max.compaction.lag.ms.',
  ),
  'log.cleaner.min.compaction.lag.ms': live(long(0, { min: 0 }), 'ms', 'Default of min.compaction.lag.ms.'),
  'log.cleaner.min.cleanable.ratio': live(
    double(0.5, { min: 0, max: 1 }),
    'ratio',
    'Default of min.cleanable.dirty.ratio.',
  ),
  'min.insync.replicas': live(
    int(1, { min: 1 }),
    'replicas',
    'Default of the topic configuration of this name.',
  ),

  'offsets.topic.num.partitions': row(int(50, { min: 1 }), 'partitions', 'Partitions of __consumer_offsets.'),
  'offsets.topic.segment.bytes': row(
    int(100 * MIB, { min: 1 }),
    'bytes',
    'Segment size of __consumer_offsets.',
  ),
  'offsets.topic.replication.factor': row(
    short(1, { min: 1 }),
    'replicas',
    'Kafka: 3. One broker has no other to copy to.',
  ),
  'offsets.retention.minutes': row(
    int(10080, { min: 1 }),
    'minutes',
    'How long an empty group keeps its commits.',
  ),
  'offsets.retention.check.interval.ms': row(long(600_000, { min: 1 }), 'ms', 'How often that is looked at.'),
  'offset.metadata.max.bytes': row(int(4096, { min: 0 }), 'bytes', 'Largest metadata string of a commit.'),
  'group.initial.rebalance.delay.ms': row(
    int(0, { min: 0 }),
    'ms',
    'Kafka: 3000. How long the first join waits for others; a consumer on a laptop starts at once.',
  ),
  'group.min.session.timeout.ms': row(
    int(5000, { min: 1 }),
    'ms',
    'Kafka: 6000, but librdkafka programs also join with 5000.',
  ),
  'group.max.session.timeout.ms': row(
    int(1_800_000, { min: 1 }),
    'ms',
    'Largest session timeout that a member may ask for.',
  ),
  'group.max.size': row(
    int(2 ** 31 - 1, { min: 1 }),
    'members',
    'Largest number of members of a classic group.',
  ),
  'group.consumer.max.size': row(
    int(2 ** 31 - 1, { min: 1 }),
    'members',
    'Largest number of members of a KIP-848 group.',
  ),
  'group.consumer.session.timeout.ms': row(
    int(45_000, { min: 1 }),
    'ms',
    'A KIP-848 member that is silent for as long is out.',
  ),
  'group.consumer.min.session.timeout.ms': row(
    int(45_000, { min: 1 }),
    'ms',
    'Smallest session timeout that a KIP-848 group may be given.',
  ),
  'group.consumer.max.session.timeout.ms': row(
    int(60_000, { min: 1 }),
    'ms',
    'Largest session timeout that a KIP-848 group may be given.',
  ),
  'group.consumer.heartbeat.interval.ms': row(
    int(5_000, { min: 1 }),
    'ms',
    'How often KIP-848 members are told to send heartbeats.',
  ),
  'group.consumer.min.heartbeat.interval.ms': row(
    int(5_000, { min: 1 }),
    'ms',
    'Smallest heartbeat interval that a KIP-848 group may be given.',
  ),
  'group.consumer.max.heartbeat.interval.ms': row(
    int(15_000, { min: 1 }),
    'ms',
    'Largest heartbeat interval that a KIP-848 group may be given.',
  ),
  'group.consumer.assignors': row(
    list<'uniform' | 'range'>(['uniform', 'range'], ['uniform', 'range']),
    'list',
    'Assignors that members may name; the first is for groups whose members name none.',
  ),
  'group.consumer.migration.policy': row(
    caselessString<'disabled' | 'upgrade' | 'downgrade' | 'bidirectional'>('bidirectional', [
      'disabled',
      'upgrade',
      'downgrade',
      'bidirectional',
    ]),
    'name',
    'Which way groups with members may change between the classic protocol and KIP-848.',
  ),

  'socket.request.max.bytes': row(
    int(100 * MIB, { min: 1024 }),
    'bytes',
    'Largest request; larger ones close. Kafka: at least 1.',
  ),
  // From 1: with 0 nobody could connect any more, not even to take it back.
  'max.connections': live(
    int(2 ** 31 - 1, { min: 1 }),
    'connections',
    'Connections in all; more are closed.',
  ),
  'max.connections.per.ip': live(int(2 ** 31 - 1, { min: 0 }), 'connections', 'Connections per address.'),
  'connections.max.idle.ms': row(long(600_000, { min: -1 }), 'ms', 'Idle connections are closed; -1: never.'),
  'max.connections.per.ip.overrides': live(
    addressLimits(),
    'list of ADDRESS:NUMBER',
    'Addresses with a limit of their own instead of max.connections.per.ip.',
  ),
  'quota.window.num': row(
    int(11, { min: 1 }),
    'windows',
    'Over how many windows a client quota is averaged.',
  ),
  'quota.window.size.seconds': row(int(1, { min: 1 }), 'seconds', 'Length of one of these windows.'),
  'fetch.max.bytes': row(int(55 * MIB, { min: 1024 }), 'bytes', 'Largest answer to one Fetch.'),
  'max.incremental.fetch.session.cache.slots': row(int(1000, { min: 0 }), 'sessions', 'Fetch sessions kept.'),
  'producer.id.expiration.ms': live(
    int(86_400_000, { min: 1 }),
    'ms',
    'When idempotence forgets a silent producer.',
  ),

  'millrace.cluster.id': row(
    nullableString(),
    'id',
    'Cluster id of a new data directory; generated when absent.',
  ),
  'millrace.nodes': row(
    int(1, { min: 1, max: 16 }),
    'brokers',
    'Virtual brokers of this process, one port each.',
  ),
  'millrace.api.versions.cap': row(
    nullableString(KAFKA_RELEASES),
    'release',
    'Advertise what Kafka of this release did: shows how a client behaves against an older broker.',
  ),
  'millrace.replication.factor.lenient': row(
    boolean(false),
    'flag',
    'Accept a replication factor above the number of brokers, for programs written for three.',
  ),
  'millrace.max.topics': row(int(100_000, { min: 1 }), 'topics', 'Topics in all.'),
  'millrace.max.partitions': row(int(200_000, { min: 1 }), 'partitions', 'Partitions in all.'),
} satisfies Readonly<Record<string, BrokerConfigRow<unknown>>>

/** A name of the table. */
export type BrokerConfigName = keyof typeof brokerConfigTable

function row<T>(value: ConfigValue<T>, unit: string, about: string): BrokerConfigRow<T> {
  return { value, unit, about, update: 'restart' }
}

function live<T>(value: ConfigValue<T>, unit: string, about: string): BrokerConfigRow<T> {
  return { value, unit, about, update: 'live' }
}
